#include "metrics/latency_set.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"

namespace xedgesim::metrics {
namespace {

/// The definition, counted out: the smallest value that at least p percent of all do not exceed.
Duration counted_out(const std::vector<int64_t>& values, int percent) {
  std::vector<int64_t> candidates = values;
  std::sort(candidates.begin(), candidates.end());
  for (const int64_t candidate : candidates) {
    const auto not_above =
        std::count_if(values.begin(), values.end(), [&](int64_t v) { return v <= candidate; });
    if (not_above * 100 >= static_cast<int64_t>(values.size()) * percent) return Duration::ns(candidate);
  }
  return Duration::max();
}

TEST(LatencySet, PercentilesAreTheDefinitions) {
  RandomStream random(1, "latency", "test");
  for (const size_t n : {1u, 2u, 3u, 19u, 20u, 21u, 99u, 100u, 101u, 537u}) {
    std::vector<int64_t> values;
    LatencySet set;
    for (size_t i = 0; i < n; ++i) {
      // Around the border between narrow and wide, with repetitions.
      const int64_t v = random.below(4) == 0 ? int64_t{random()} * 3 : random.below(50);
      values.push_back(v);
      set.add(Duration::ns(v));
    }
    const auto stats = *set.stats();
    EXPECT_EQ(stats.p50, counted_out(values, 50)) << n;
    EXPECT_EQ(stats.p95, counted_out(values, 95)) << n;
    EXPECT_EQ(stats.p99, counted_out(values, 99)) << n;
    for (int p = 1; p <= 100; ++p) EXPECT_EQ(*set.percentile(p), counted_out(values, p)) << n << " " << p;
    EXPECT_EQ(stats.max, counted_out(values, 100));
    EXPECT_EQ(stats.min.count_ns(), *std::min_element(values.begin(), values.end()));
    EXPECT_EQ(stats.count, static_cast<int64_t>(n));
  }
}

TEST(LatencySet, MeanIsRoundedToTheNearestNanosecond) {
  LatencySet set;
  set.add(Duration::ns(1));
  set.add(Duration::ns(2));
  EXPECT_EQ(set.stats()->mean, Duration::ns(2));
  set.add(Duration::ns(1));
  EXPECT_EQ(set.stats()->mean, Duration::ns(1));
}

TEST(LatencySet, SumsDoNotOverflow) {
  LatencySet set;
  for (int i = 0; i < 10; ++i) set.add(Duration::max());
  EXPECT_EQ(set.stats()->mean, Duration::max());
}

TEST(LatencySet, EmptyHasNoFigures) {
  EXPECT_FALSE(LatencySet().stats());
  EXPECT_FALSE(LatencySet().percentile(50));
}

TEST(LatencySet, MergesOthers) {
  LatencySet a, b;
  a.add(Duration::ms(1));
  b.add(Duration::s(100));
  a.add(b);
  EXPECT_EQ(a.count(), 2);
  EXPECT_EQ(a.stats()->max, Duration::s(100));
}

}  // namespace
}  // namespace xedgesim::metrics
