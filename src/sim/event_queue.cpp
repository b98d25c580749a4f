#include "sim/event_queue.h"

#include <algorithm>

namespace xedgesim::sim {

void EventQueue::push(Event e) {
  const Key key{e.time, uint64_t{static_cast<uint8_t>(e.kind)} << 32 | static_cast<uint32_t>(e.source),
                e.serial, free_.empty() ? static_cast<uint32_t>(pool_.size()) : free_.back()};
  if (free_.empty()) {
    pool_.push_back(std::move(e));
  } else {
    free_.pop_back();
    pool_[key.slot] = std::move(e);
  }
  keys_.push_back(key);
  std::push_heap(keys_.begin(), keys_.end(), [](const Key& a, const Key& b) { return a.after(b); });
}

Event EventQueue::pop() {
  std::pop_heap(keys_.begin(), keys_.end(), [](const Key& a, const Key& b) { return a.after(b); });
  const uint32_t slot = keys_.back().slot;
  keys_.pop_back();
  free_.push_back(slot);
  return std::move(pool_[slot]);
}

}  // namespace xedgesim::sim
