#pragma once
#include <cstdint>
#include <limits>
#include <numeric>

#include "base/time.h"

namespace xedgesim::platforms {

/// Exact conversion between cycles of a fixed clock and nanoseconds since time zero.
class ClockGrid {
 public:
  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

  explicit ClockGrid(int64_t hz) {
    const int64_t g = std::gcd(hz, int64_t{1'000'000'000});
    ns_ = static_cast<uint64_t>(1'000'000'000 / g);
    cycles_ = static_cast<uint64_t>(hz / g);
  }

  /// Start of a cycle, rounded down to a nanosecond.
  SimTime time_of(uint64_t cycle) const {
    if (cycle == kNever) return SimTime::never();
    return SimTime::from_ns(static_cast<int64_t>(static_cast<unsigned __int128>(cycle) * ns_ / cycles_));
  }
  /// First cycle that starts at or after `t`.
  uint64_t cycle_at(SimTime t) const {
    if (t.is_never()) return kNever;
    return static_cast<uint64_t>((static_cast<unsigned __int128>(t.count_ns()) * cycles_ + ns_ - 1) / ns_);
  }
  /// First cycle whose rounded start is later than `t`.
  uint64_t cycle_after(SimTime t) const { return t.is_never() ? kNever : cycle_at(t + Duration::ns(1)); }

 private:
  uint64_t ns_;      // nanoseconds in ...
  uint64_t cycles_;  // ... this many cycles, in lowest terms
};

}  // namespace xedgesim::platforms
