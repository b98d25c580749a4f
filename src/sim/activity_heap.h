#pragma once
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace xedgesim::sim {

/// Indexed binary heap: earliest next activity of each running participant, ties by index. Sleeping
/// systems cost nothing because only the top is ever looked at.
class ActivityHeap {
 public:
  explicit ActivityHeap(size_t n);
  SimTime top_time() const { return heap_.empty() ? SimTime::never() : times_[heap_[0]]; }
  uint32_t top() const { return heap_[0]; }
  void update(uint32_t index, SimTime t);

 private:
  bool less(uint32_t a, uint32_t b) const { return times_[a] != times_[b] ? times_[a] < times_[b] : a < b; }
  void place(size_t pos, uint32_t index);
  void up(size_t pos);
  void down(size_t pos);
  std::vector<SimTime> times_;
  std::vector<uint32_t> heap_;
  std::vector<uint32_t> pos_;
};

}  // namespace xedgesim::sim
