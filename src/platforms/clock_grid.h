#pragma once
#include <cstdint>
#include <limits>
#include <numeric>

#include "base/time.h"

namespace xedgesim::platforms {

/// Exact conversion between cycles of a clock and nanoseconds since time zero. The clock may deviate from its
/// nominal frequency, by another amount from some cycle on: all in integers.
class ClockGrid {
 public:
  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

  explicit ClockGrid(int64_t hz) : hz_(hz) { set_ratio(0); }

  /// From `cycle` on, which begins when it would have begun, the clock runs at hz * (1 + ppb / 1e9). Earlier
  /// cycles can no longer be asked for.
  void set_deviation(int64_t ppb, uint64_t cycle) {
    const SimTime start = time_of(cycle);
    base_ns_ = static_cast<uint64_t>(start.count_ns());
    base_cycle_ = cycle;
    set_ratio(ppb);
  }

  /// Start of a cycle, rounded down to a nanosecond.
  SimTime time_of(uint64_t cycle) const {
    if (cycle == kNever) return SimTime::never();
    return SimTime::from_ns(static_cast<int64_t>(base_ns_ + nanoseconds(cycle - base_cycle_)));
  }
  /// How long so many cycles take at the present rate, rounded down.
  Duration length_of(uint64_t cycles) const { return Duration::ns(static_cast<int64_t>(nanoseconds(cycles))); }
  /// First cycle that starts at or after `t`.
  uint64_t cycle_at(SimTime t) const {
    if (t.is_never()) return kNever;
    const auto ns = static_cast<uint64_t>(t.count_ns());
    if (ns <= base_ns_) return base_cycle_;
    return base_cycle_ +
           static_cast<uint64_t>((static_cast<unsigned __int128>(ns - base_ns_) * cycles_ + ns_ - 1) / ns_);
  }
  /// First cycle whose rounded start is later than `t`.
  uint64_t cycle_after(SimTime t) const { return t.is_never() ? kNever : cycle_at(t + Duration::ns(1)); }

 private:
  void set_ratio(int64_t ppb) {
    // cycles / ns = hz * (1e9 + ppb) / 1e18; the greatest common divisor of both factors keeps this in 64 bits.
    const auto hz = static_cast<uint64_t>(hz_), rate = static_cast<uint64_t>(1'000'000'000 + ppb);
    uint64_t g = std::gcd(hz, uint64_t{1'000'000'000});
    const uint64_t h = std::gcd(rate, uint64_t{1'000'000'000});
    uint64_t a = hz / g, b = rate / h, c = 1'000'000'000 / g, d = 1'000'000'000 / h;
    g = std::gcd(a, d);
    a /= g, d /= g;
    g = std::gcd(b, c);
    b /= g, c /= g;
    cycles_ = a * b;
    ns_ = c * d;
  }
  uint64_t nanoseconds(uint64_t cycles) const {
    return static_cast<uint64_t>(static_cast<unsigned __int128>(cycles) * ns_ / cycles_);
  }

  int64_t hz_;
  uint64_t ns_ = 1;      // nanoseconds in ...
  uint64_t cycles_ = 1;  // ... this many cycles, in lowest terms
  uint64_t base_cycle_ = 0, base_ns_ = 0;
};

}  // namespace xedgesim::platforms
