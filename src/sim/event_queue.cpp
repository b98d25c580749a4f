#include "sim/event_queue.h"

#include <algorithm>

namespace xedgesim::sim {
namespace {

// Four children a node: a pop looks at fewer cache lines than with two.
constexpr size_t kChildren = 4;

}  // namespace

void EventQueue::push_heap(std::vector<Key>& heap, const Key& key) {
  size_t hole = heap.size();
  heap.push_back(key);
  while (hole > 0) {
    const size_t parent = (hole - 1) / kChildren;
    if (!heap[parent].after(key)) break;
    heap[hole] = heap[parent];
    hole = parent;
  }
  heap[hole] = key;
}

void EventQueue::sift_down(std::vector<Key>& heap, size_t hole, const Key& key) {
  const size_t size = heap.size();
  for (size_t child = hole * kChildren + 1; child < size; child = hole * kChildren + 1) {
    size_t first = child;
    for (size_t other = child + 1; other < std::min(child + kChildren, size); ++other)
      if (heap[first].after(heap[other])) first = other;
    if (!key.after(heap[first])) break;
    heap[hole] = heap[first];
    hole = first;
  }
  heap[hole] = key;
}

void EventQueue::pop_heap(std::vector<Key>& heap) {
  const Key last = heap.back();
  heap.pop_back();
  if (!heap.empty()) sift_down(heap, 0, last);
}

void EventQueue::push(Event e) {
  const Key key{e.time, uint64_t{static_cast<uint8_t>(e.kind)} << 32 | static_cast<uint32_t>(e.source),
                e.serial, free_.empty() ? static_cast<uint32_t>(pool_.size()) : free_.back()};
  if (free_.empty()) {
    pool_.push_back(std::move(e));
  } else {
    free_.pop_back();
    pool_[key.slot] = std::move(e);
  }
  if (period_of(key.time) <= period_) {
    push_heap(near_, key);
  } else {
    wait(key);
    if (near_.empty()) refill();
  }
}

void EventQueue::wait(const Key& key) {
  const int64_t period = period_of(key.time);
  if (period - period_ < static_cast<int64_t>(kTurn)) {
    wheel_[static_cast<size_t>(period) % kTurn].push_back(key);
    ++wheel_count_;
  } else {
    push_heap(far_, key);
  }
}

void EventQueue::refill() {
  if (wheel_count_ == 0) {
    if (far_.empty()) return;
    period_ = period_of(far_.front().time);
  } else {
    // What lies in the wheel comes before all that is far.
    do ++period_;
    while (wheel_[static_cast<size_t>(period_) % kTurn].empty());
  }
  std::vector<Key>& slot = wheel_[static_cast<size_t>(period_) % kTurn];
  near_.swap(slot);
  wheel_count_ -= near_.size();
  for (; !far_.empty() && period_of(far_.front().time) - period_ < static_cast<int64_t>(kTurn);
       pop_heap(far_)) {
    if (period_of(far_.front().time) == period_) {
      near_.push_back(far_.front());
    } else {
      wait(far_.front());
    }
  }
  for (size_t i = near_.size() / kChildren + 1; i-- > 0;)
    if (i < near_.size()) sift_down(near_, i, Key(near_[i]));
}

Event EventQueue::pop() {
  const uint32_t slot = near_.front().slot;
  pop_heap(near_);
  if (near_.empty()) refill();
  free_.push_back(slot);
  return std::move(pool_[slot]);
}

}  // namespace xedgesim::sim
