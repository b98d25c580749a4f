#pragma once
#include <cstdint>

#include "base/time.h"

namespace xedgesim::bus {

/// Deviations are parts per billion, so that 0.001 ppm is exact. A clock of +50,000 ppb (50 ppm) is fast: its
/// second is over 50 us early.
inline constexpr int64_t kBillion = 1'000'000'000;

/// What a deviating oscillator calls the time, in half nanoseconds since time zero, computed in integers: it
/// is monotonic, the same on every host, and twice the true nanoseconds as long as the deviation was zero
/// throughout. A change of the deviation keeps the phase to half a nanosecond.
class LocalClock {
 public:
  int64_t deviation() const { return ppb_; }
  void set_deviation(int64_t ppb, SimTime now) {
    local_ = at(now);
    since_ = now;
    ppb_ = ppb;
  }

  /// Half nanoseconds of this clock, rounded down.
  int64_t at(SimTime t) const {
    const int64_t elapsed = 2 * (t - since_).count_ns();
    if (ppb_ == 0) return local_ + elapsed;
    return local_ + static_cast<int64_t>(floor_div(Wide{elapsed} * (kBillion + ppb_), kBillion));
  }
  /// The first nanosecond at which this clock shows at least `local`.
  SimTime time_of(int64_t local) const {
    const int64_t left = local - local_;
    if (ppb_ == 0) return since_ + Duration::ns((left + (left >= 0 ? 1 : 0)) / 2);
    return since_ + Duration::ns(static_cast<int64_t>(
                        -floor_div(-(Wide{left} * kBillion), Wide{2} * (kBillion + ppb_))));
  }

 private:
  using Wide = __int128;
  static Wide floor_div(Wide a, Wide b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

  int64_t ppb_ = 0;
  SimTime since_;      ///< of the last change
  int64_t local_ = 0;  ///< shown then
};

}  // namespace xedgesim::bus
