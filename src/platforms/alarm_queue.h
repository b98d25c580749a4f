#pragma once
#include <cstdint>
#include <vector>

#include "bus/device.h"

namespace xedgesim::platforms {

/// The pending alarms of one machine: a binary heap by (time, order of scheduling), with cancellation in
/// constant time. Never allocates once it has reached its largest size.
class AlarmQueue {
 public:
  struct Alarm {
    bus::Device* device = nullptr;
    uint32_t code = 0;
  };

  SimTime next_time() const { return heap_.empty() ? SimTime::never() : heap_.front().when; }
  bus::AlarmId schedule(bus::Device& device, SimTime when, uint32_t code);
  void cancel(bus::AlarmId id);
  /// Takes the first alarm; the queue is not empty.
  Alarm pop();
  void clear();

 private:
  struct Entry {
    SimTime when;
    uint64_t serial;
    uint32_t slot;
    bool after(const Entry& o) const { return when != o.when ? when > o.when : serial > o.serial; }
  };
  struct Slot {
    Alarm alarm;
    uint32_t generation = 1;
    bool live = false;
  };
  void drop_cancelled();
  void pop_entry();
  std::vector<Entry> heap_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  uint64_t serial_ = 0;
};

}  // namespace xedgesim::platforms
