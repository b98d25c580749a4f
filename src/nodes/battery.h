#pragma once
#include "base/time.h"

namespace xedgesim::nodes {

/// What supplies a device: a charge that its current draws down, and the voltage that goes with it.
///
/// Limits: the voltage falls in a straight line with the charge, from full to cutoff; no internal resistance,
/// temperature, self-discharge or recovery.
class Battery {
 public:
  struct Config {
    double capacity_c = 810;  ///< coulombs when full, more than 0 and at most 1e9
    double initial = 1;       ///< share of it at time zero, 0 to 1
    double full_v = 3.0, cutoff_v = 1.8;
  };
  explicit Battery(const Config& config);

  /// The current is `picoamperes` from `t` on; `t` must not go back.
  void draw(int64_t picoamperes, SimTime t);
  /// Share of the capacity left at `t`, 0 to 1.
  double fraction(SimTime t) const;
  /// At its terminals at `t`.
  double volts(SimTime t) const;
  /// The first nanosecond at which nothing is left if the current stays; never() without current.
  SimTime empty_at() const;
  /// Replaced or drained: `fraction` of the capacity is left from `t` on.
  void set_fraction(double fraction, SimTime t);

 private:
  __extension__ using Wide = __int128;  // pA·ns = 10^-21 C
  Wide left(SimTime t) const;

  Config config_;
  Wide capacity_;
  Wide left_;  // at since_
  int64_t picoamperes_ = 0;
  SimTime since_;
};

}  // namespace xedgesim::nodes
