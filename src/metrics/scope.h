#pragma once
#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace xedgesim::metrics {

/// A part of the run's time: from <= t < to.
struct TimeRange {
  SimTime from = SimTime::zero();
  SimTime to = SimTime::never();
  auto operator<=>(const TimeRange&) const = default;
  bool contains(SimTime t) const { return from <= t && t < to; }
  bool whole_run() const { return from == SimTime::zero() && to.is_never(); }
};

/// Which part of a run a metric is about.
struct Scope {
  std::string node = {};  ///< name or glob (`vib_*`); empty: the whole system
  TimeRange time = {};    ///< samples by the end of their sampling window, packets by their sending
  std::optional<double> percentile =
      {};  ///< for latencies: this percentile instead of the mean, 0 < p <= 100
};

/// Shell pattern with * ? [a-z].
bool glob_matches(std::string_view pattern, std::string_view name);

}  // namespace xedgesim::metrics
