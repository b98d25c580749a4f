#pragma once
#include <cstdint>
#include <vector>

#include "sim/event.h"

namespace xedgesim::sim {

/// Events in their total order (Event::order()). A heap of 32-byte keys over a pool of events.
class EventQueue {
 public:
  bool empty() const { return keys_.empty(); }
  size_t size() const { return keys_.size(); }
  SimTime next_time() const { return keys_.empty() ? SimTime::never() : keys_.front().time; }
  /// True when this queue's first event comes before the other's. Both non-empty or either empty.
  bool before(const EventQueue& other) const {
    return !empty() && (other.empty() || other.keys_.front().after(keys_.front()));
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
  std::vector<Key> keys_;
  std::vector<Event> pool_;
  std::vector<uint32_t> free_;
};

}  // namespace xedgesim::sim
