#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace xedgesim::metrics {

/// Exact figures of a set of durations. Percentiles are nearest-rank: the smallest value that at least p
/// percent of the set do not exceed. The mean is rounded to the nearest nanosecond.
struct LatencyStats {
  int64_t count = 0;
  Duration min, mean, p50, p95, p99, max;
};

/// Keeps every duration, four bytes each below 4.29 s and eight above, so that percentiles are exact.
class LatencySet {
 public:
  void add(Duration d);  ///< d >= 0
  void add(const LatencySet& other);
  int64_t count() const { return static_cast<int64_t>(narrow_.size() + wide_.size()); }
  bool empty() const { return count() == 0; }
  /// None when the set is empty.
  std::optional<LatencyStats> stats() const;
  /// Nearest-rank percentile, 0 < percent <= 100; none when the set is empty.
  std::optional<Duration> percentile(double percent) const;

 private:
  std::vector<int64_t> sorted() const;
  std::vector<uint32_t> narrow_;  ///< nanoseconds
  std::vector<int64_t> wide_;
};

}  // namespace xedgesim::metrics
