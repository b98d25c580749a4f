#include "platforms/clock_grid.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace xedgesim::platforms {
namespace {

SimTime ns(int64_t n) { return SimTime::from_ns(n); }

TEST(ClockGrid, CountsItsFrequency) {
  const ClockGrid clock(64'000'000);
  EXPECT_EQ(clock.time_of(64'000'000), ns(1'000'000'000));
  EXPECT_EQ(clock.cycle_at(ns(1'000'000'000)), 64'000'000u);
  EXPECT_EQ(clock.time_of(1), ns(15));
  EXPECT_EQ(clock.cycle_at(ns(15)), 1u);
  EXPECT_EQ(clock.cycle_after(ns(15)), 2u);
}

TEST(ClockGrid, AFastClockCountsMore) {
  ClockGrid fast(64'000'000), slow(64'000'000);
  fast.set_deviation(40'000, 0);
  slow.set_deviation(-40'000, 0);
  EXPECT_EQ(fast.cycle_at(ns(1'000'000'000)), 64'002'560u);
  EXPECT_EQ(slow.cycle_at(ns(1'000'000'000)), 63'997'440u);
  // A day.
  EXPECT_EQ(fast.cycle_at(ns(86'400'000'000'000)), 64'002'560ull * 86'400);
}

TEST(ClockGrid, ChangesAreContinuous) {
  ClockGrid clock(64'000'000);
  const SimTime start = clock.time_of(1'000'001);
  clock.set_deviation(500'000, 1'000'001);
  EXPECT_EQ(clock.time_of(1'000'001), start);
  EXPECT_EQ(clock.cycle_at(start), 1'000'001u);
  EXPECT_EQ(clock.cycle_at(start + Duration::s(1)), 1'000'001u + 64'032'000u);
  EXPECT_EQ(clock.length_of(64'032'000), Duration::s(1));
}

// Whatever the rates and the changes, the two directions fit together and time goes on.
TEST(ClockGrid, DirectionsFitTogether) {
  RandomStream random(1, "grid", "test");
  for (int i = 0; i < 2'000; ++i) {
    ClockGrid clock(random.uniform(0, 1) < 0.5 ? 64'000'000 : 16'000'000);
    uint64_t cycle = 0;
    SimTime last;
    for (int k = 0; k < 10; ++k) {
      cycle += static_cast<uint64_t>(random.uniform(0, 1e9));
      const SimTime t = clock.time_of(cycle);
      ASSERT_GE(t, last);
      last = t;
      ASSERT_LE(clock.cycle_at(t), cycle);
      ASSERT_GT(clock.cycle_after(t), cycle);
      ASSERT_EQ(clock.time_of(clock.cycle_at(t)), t);
      ASSERT_GE(clock.time_of(clock.cycle_at(t + Duration::ns(7))), t + Duration::ns(7) - Duration::ns(1));
      clock.set_deviation(static_cast<int64_t>(random.uniform(-1e6, 1e6)), cycle);
      ASSERT_EQ(clock.time_of(cycle), t);
    }
  }
}

}  // namespace
}  // namespace xedgesim::platforms
