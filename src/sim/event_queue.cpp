#include "sim/event_queue.h"

#include <algorithm>

namespace xedgesim::sim {
namespace {

// Four children a node: a pop looks at fewer cache lines than with two, and there are thousands of events
// waiting.
constexpr size_t kChildren = 4;

}  // namespace

void EventQueue::push(Event e) {
  const Key key{e.time, uint64_t{static_cast<uint8_t>(e.kind)} << 32 | static_cast<uint32_t>(e.source),
                e.serial, free_.empty() ? static_cast<uint32_t>(pool_.size()) : free_.back()};
  if (free_.empty()) {
    pool_.push_back(std::move(e));
  } else {
    free_.pop_back();
    pool_[key.slot] = std::move(e);
  }
  size_t hole = keys_.size();
  keys_.push_back(key);
  while (hole > 0) {
    const size_t parent = (hole - 1) / kChildren;
    if (!keys_[parent].after(key)) break;
    keys_[hole] = keys_[parent];
    hole = parent;
  }
  keys_[hole] = key;
}

Event EventQueue::pop() {
  const uint32_t slot = keys_.front().slot;
  const Key last = keys_.back();
  keys_.pop_back();
  const size_t size = keys_.size();
  size_t hole = 0;
  for (size_t child = 1; child < size; child = hole * kChildren + 1) {
    size_t first = child;
    for (size_t other = child + 1; other < std::min(child + kChildren, size); ++other)
      if (keys_[first].after(keys_[other])) first = other;
    if (!last.after(keys_[first])) break;
    keys_[hole] = keys_[first];
    hole = first;
  }
  if (size > 0) keys_[hole] = last;
  free_.push_back(slot);
  return std::move(pool_[slot]);
}

}  // namespace xedgesim::sim
