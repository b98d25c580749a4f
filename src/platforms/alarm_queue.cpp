#include "platforms/alarm_queue.h"

namespace xedgesim::platforms {

bus::AlarmId AlarmQueue::schedule(bus::Device& device, SimTime when, uint32_t code) {
  entries_.push_back({when, ++last_id_, {&device, code}});
  if (when < next_time_ || entries_.size() == 1) {
    first_ = entries_.size() - 1;
    next_time_ = when;
  }
  return last_id_;
}

void AlarmQueue::cancel(bus::AlarmId id) {
  if (id == 0) return;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].id != id) continue;
    remove(i);
    return;
  }
}

void AlarmQueue::remove(size_t index) {
  const size_t last = entries_.size() - 1;
  entries_[index] = entries_[last];
  entries_.pop_back();
  if (index == first_) {
    find_first();
  } else if (first_ == last) {
    first_ = index;
  }
}

void AlarmQueue::find_first() {
  next_time_ = SimTime::never();
  bus::AlarmId id = 0;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& e = entries_[i];
    if (id != 0 && (e.when > next_time_ || (e.when == next_time_ && e.id > id))) continue;
    first_ = i;
    next_time_ = e.when;
    id = e.id;
  }
}

AlarmQueue::Alarm AlarmQueue::pop() {
  const Alarm alarm = entries_[first_].alarm;
  remove(first_);
  return alarm;
}

void AlarmQueue::clear() {
  entries_.clear();
  next_time_ = SimTime::never();
}

}  // namespace xedgesim::platforms
