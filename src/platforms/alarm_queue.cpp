#include "platforms/alarm_queue.h"

#include <algorithm>

namespace xedgesim::platforms {

bus::AlarmId AlarmQueue::schedule(bus::Device& device, SimTime when, uint32_t code) {
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const uint32_t index = free_.back();
  free_.pop_back();
  Slot& slot = slots_[index];
  slot.alarm = {&device, code};
  slot.live = true;
  heap_.push_back({when, serial_++, index});
  std::push_heap(heap_.begin(), heap_.end(), [](const Entry& a, const Entry& b) { return a.after(b); });
  return uint64_t{slot.generation} << 32 | index;
}

void AlarmQueue::cancel(bus::AlarmId id) {
  const uint32_t index = static_cast<uint32_t>(id);
  if (id == 0 || index >= slots_.size()) return;
  Slot& slot = slots_[index];
  if (!slot.live || slot.generation != id >> 32) return;
  slot.live = false;
  drop_cancelled();
}

void AlarmQueue::pop_entry() {
  std::pop_heap(heap_.begin(), heap_.end(), [](const Entry& a, const Entry& b) { return a.after(b); });
  const uint32_t index = heap_.back().slot;
  heap_.pop_back();
  slots_[index].live = false;
  ++slots_[index].generation;
  free_.push_back(index);
}

void AlarmQueue::drop_cancelled() {
  while (!heap_.empty() && !slots_[heap_.front().slot].live) pop_entry();
}

AlarmQueue::Alarm AlarmQueue::pop() {
  const Alarm alarm = slots_[heap_.front().slot].alarm;
  pop_entry();
  drop_cancelled();
  return alarm;
}

void AlarmQueue::clear() {
  while (!heap_.empty()) pop_entry();
}

}  // namespace xedgesim::platforms
