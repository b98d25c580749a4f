#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "sim/event.h"

namespace xedgesim::sim {

/// Events in their total order (Event::order()): keys of 32 bytes over a pool of events. A heap orders those
/// that are due soon. Later ones wait unordered, in slots of a wheel by their time or, beyond its turn of
/// about a second, in another heap, and enter the first one slot by slot: a thousand nodes that sleep until
/// their next report do not make the heap of those that are awake deeper.
class EventQueue {
 public:
  bool empty() const { return near_.empty(); }
  size_t size() const { return near_.size() + wheel_count_ + far_.size(); }
  SimTime next_time() const { return near_.empty() ? SimTime::never() : near_.front().time; }
  /// True when this queue's first event comes before the other's. Both non-empty or either empty.
  bool before(const EventQueue& other) const {
    return !empty() && (other.empty() || other.near_.front().after(near_.front()));
  }
  void push(Event e);
  Event pop();

 private:
  struct Key {
    SimTime time;
    uint64_t kind_source;
    uint64_t serial;
    uint32_t slot;
    bool after(const Key& o) const {
      if (time != o.time) return time > o.time;
      if (kind_source != o.kind_source) return kind_source > o.kind_source;
      return serial > o.serial;
    }
  };
  static constexpr size_t kTurn = 512;  // slots of the wheel
  static constexpr int kSlotBits = 21;  // 2.1 ms each
  static int64_t period_of(SimTime t) { return t.count_ns() >> kSlotBits; }

  static void push_heap(std::vector<Key>& heap, const Key& key);
  static void sift_down(std::vector<Key>& heap, size_t hole, const Key& key);
  static void pop_heap(std::vector<Key>& heap);
  void wait(const Key& key);
  void refill();

  std::vector<Key> near_;  // heap: all up to the end of period_; empty only when everything is
  int64_t period_ = 0;
  std::array<std::vector<Key>, kTurn> wheel_;  // periods period_ + 1 to period_ + kTurn - 1
  size_t wheel_count_ = 0;
  std::vector<Key> far_;  // heap: later periods
  std::vector<Event> pool_;
  std::vector<uint32_t> free_;
};

}  // namespace xedgesim::sim
