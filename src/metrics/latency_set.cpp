#include "metrics/latency_set.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "metrics/decimal.h"

namespace xedgesim::metrics {
namespace {

/// Nearest rank: ceil(p/100 · n), at least 1.
Duration nearest_rank(const std::vector<int64_t>& values, double percent) {
  const auto n = static_cast<double>(values.size());
  // percent * n / 100 keeps whole percentages exact, so that 95 % of 100 is rank 95 and not 96.
  const auto rank = static_cast<size_t>(std::max(1.0, std::ceil(percent * n / 100)));
  return Duration::ns(values[std::min(rank, values.size()) - 1]);
}

}  // namespace

void LatencySet::add(Duration d) {
  XEDGESIM_ASSERT(d >= Duration());
  if (d.count_ns() <= std::numeric_limits<uint32_t>::max()) {
    narrow_.push_back(static_cast<uint32_t>(d.count_ns()));
  } else {
    wide_.push_back(d.count_ns());
  }
}

void LatencySet::add(const LatencySet& other) {
  narrow_.insert(narrow_.end(), other.narrow_.begin(), other.narrow_.end());
  wide_.insert(wide_.end(), other.wide_.begin(), other.wide_.end());
}

std::vector<int64_t> LatencySet::sorted() const {
  std::vector<int64_t> values(narrow_.begin(), narrow_.end());
  values.insert(values.end(), wide_.begin(), wide_.end());
  std::sort(values.begin(), values.end());
  return values;
}

std::optional<LatencyStats> LatencySet::stats() const {
  if (empty()) return std::nullopt;
  const std::vector<int64_t> values = sorted();
  Wide sum = 0;
  for (const int64_t v : values) sum += v;
  const auto n = static_cast<Wide>(values.size());
  return LatencyStats{.count = count(),
                      .min = Duration::ns(values.front()),
                      .mean = Duration::ns(static_cast<int64_t>((2 * sum + n) / (2 * n))),
                      .p50 = nearest_rank(values, 50),
                      .p95 = nearest_rank(values, 95),
                      .p99 = nearest_rank(values, 99),
                      .max = Duration::ns(values.back())};
}

std::optional<Duration> LatencySet::percentile(double percent) const {
  if (empty()) return std::nullopt;
  return nearest_rank(sorted(), percent);
}

}  // namespace xedgesim::metrics
