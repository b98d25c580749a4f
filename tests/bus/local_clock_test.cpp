#include "bus/local_clock.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace xedgesim::bus {
namespace {

SimTime ns(int64_t n) { return SimTime::from_ns(n); }

TEST(LocalClock, IsTrueTimeWithoutDeviation) {
  LocalClock c;
  for (const int64_t n : {0LL, 1LL, 999'999'999LL, 1'000'000'000'000'000LL}) {
    EXPECT_EQ(c.at(ns(n)), 2 * n);
    EXPECT_EQ(c.time_of(2 * n), ns(n));
    EXPECT_EQ(c.time_of(2 * n + 1), ns(n + 1));
  }
}

TEST(LocalClock, RunsFastAndSlowByTheDeviation) {
  LocalClock fast, slow;
  fast.set_deviation(50'000, ns(0));
  slow.set_deviation(-50'000, ns(0));
  EXPECT_EQ(fast.at(ns(1'000'000'000)), 2 * 1'000'050'000LL);
  EXPECT_EQ(slow.at(ns(1'000'000'000)), 2 * 999'950'000LL);
  // A day later the error is the deviation times a day, to the last half nanosecond.
  EXPECT_EQ(fast.at(ns(86'400'000'000'000)), 2 * 86'404'320'000'000LL);
}

TEST(LocalClock, ChangesKeepThePhase) {
  LocalClock c;
  c.set_deviation(100'000, ns(1'000'000));
  EXPECT_EQ(c.at(ns(1'000'000)), 2'000'000);
  const int64_t before = c.at(ns(3'000'000'001));
  c.set_deviation(-250'000, ns(3'000'000'001));
  EXPECT_EQ(c.at(ns(3'000'000'001)), before);
  c.set_deviation(0, ns(5'000'000'000));
  EXPECT_EQ(c.at(ns(5'000'000'010)), c.at(ns(5'000'000'000)) + 20);
}

// time_of() is the exact inverse: the first nanosecond at which the clock has got that far.
TEST(LocalClock, TimesAreTheFirstNanosecond) {
  RandomStream random(1, "clock", "test");
  for (int i = 0; i < 20'000; ++i) {
    LocalClock c;
    c.set_deviation(static_cast<int64_t>(random.uniform(-500e3, 500e3)),
                    ns(static_cast<int64_t>(random.uniform(0, 1e12))));
    const SimTime t = ns(static_cast<int64_t>(random.uniform(1e12, 1e15)));
    c.set_deviation(static_cast<int64_t>(random.uniform(-500e3, 500e3)), t);
    const int64_t local = c.at(t) + static_cast<int64_t>(random.uniform(0, 1e13));
    const SimTime due = c.time_of(local);
    ASSERT_GE(c.at(due), local);
    ASSERT_LT(c.at(due - Duration::ns(1)), local);
    ASSERT_GE(due, t);
  }
}

}  // namespace
}  // namespace xedgesim::bus
