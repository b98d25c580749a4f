#include "sim/activity_heap.h"

namespace xedgesim::sim {

ActivityHeap::ActivityHeap(size_t n) : times_(n, SimTime::never()), heap_(n), pos_(n) {
  for (uint32_t i = 0; i < n; ++i) heap_[i] = pos_[i] = i;
}

void ActivityHeap::place(size_t pos, uint32_t index) {
  heap_[pos] = index;
  pos_[index] = static_cast<uint32_t>(pos);
}

void ActivityHeap::up(size_t pos) {
  const uint32_t index = heap_[pos];
  while (pos > 0) {
    const size_t parent = (pos - 1) / 2;
    if (!less(index, heap_[parent])) break;
    place(pos, heap_[parent]);
    pos = parent;
  }
  place(pos, index);
}

void ActivityHeap::down(size_t pos) {
  const uint32_t index = heap_[pos];
  for (;;) {
    size_t child = 2 * pos + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && less(heap_[child + 1], heap_[child])) ++child;
    if (!less(heap_[child], index)) break;
    place(pos, heap_[child]);
    pos = child;
  }
  place(pos, index);
}

void ActivityHeap::update(uint32_t index, SimTime t) {
  const SimTime old = times_[index];
  times_[index] = t;
  if (t < old) {
    up(pos_[index]);
  } else if (t > old) {
    down(pos_[index]);
  }
}

}  // namespace xedgesim::sim
