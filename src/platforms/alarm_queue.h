#pragma once
#include <cstdint>
#include <vector>

#include "bus/device.h"

namespace xedgesim::platforms {

/// The pending alarms of one machine, by (time, order of scheduling). A machine has a handful at a time, so a plain
/// list with the place of its first one remembered beats a heap. Does not allocate once it has reached its largest
/// size.
class AlarmQueue {
 public:
  struct Alarm {
    bus::Device* device = nullptr;
    uint32_t code = 0;
  };

  SimTime next_time() const { return next_time_; }
  bus::AlarmId schedule(bus::Device& device, SimTime when, uint32_t code);
  /// Unknown ids and those of alarms already taken are ignored.
  void cancel(bus::AlarmId id);
  /// Takes the first alarm; the queue is not empty.
  Alarm pop();
  void clear();

 private:
  struct Entry {
    SimTime when;
    bus::AlarmId id;  // counts up, so it is the order of scheduling too
    Alarm alarm;
  };
  void remove(size_t index);
  void find_first();
  std::vector<Entry> entries_;
  size_t first_ = 0;
  SimTime next_time_ = SimTime::never();
  bus::AlarmId last_id_ = 0;
};

}  // namespace xedgesim::platforms
