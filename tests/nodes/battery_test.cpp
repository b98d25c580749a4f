#include "nodes/battery.h"

#include <gtest/gtest.h>

namespace xedgesim::nodes {
namespace {

SimTime at(double s) { return SimTime::at(Duration::seconds(s)); }
constexpr int64_t kMilliampere = 1'000'000'000;  // in picoamperes

TEST(Battery, RunsOutAtTheExactTime) {
  Battery battery({.capacity_c = 3.6});  // 1 mAh
  EXPECT_TRUE(battery.empty_at().is_never());
  battery.draw(3 * kMilliampere, at(0));
  EXPECT_EQ(battery.empty_at(), at(1200));
  EXPECT_DOUBLE_EQ(battery.fraction(at(600)), 0.5);
  battery.draw(1 * kMilliampere, at(600));
  EXPECT_EQ(battery.empty_at(), at(600 + 1800));
  EXPECT_EQ(battery.fraction(at(2400)), 0);
  EXPECT_EQ(battery.fraction(at(9999)), 0);
}

TEST(Battery, RoundsTheEndUpToANanosecond) {
  Battery battery({.capacity_c = 1e-9});
  battery.draw(3 * kMilliampere, at(0));  // 333.33 ns
  EXPECT_EQ(battery.empty_at(), SimTime::at(Duration::ns(334)));
}

TEST(Battery, VoltageFollowsTheCharge) {
  Battery battery({.capacity_c = 3.6, .initial = 0.5, .full_v = 3.0, .cutoff_v = 2.0});
  EXPECT_DOUBLE_EQ(battery.volts(at(0)), 2.5);
  battery.draw(1 * kMilliampere, at(0));
  EXPECT_DOUBLE_EQ(battery.volts(at(900)), 2.25);
  battery.set_fraction(1, at(900));
  EXPECT_DOUBLE_EQ(battery.volts(at(900)), 3.0);
  EXPECT_EQ(battery.empty_at(), at(900 + 3600));
  battery.set_fraction(0, at(1000));
  EXPECT_EQ(battery.empty_at(), at(1000));
  EXPECT_DOUBLE_EQ(battery.volts(at(1000)), 2.0);
}

}  // namespace
}  // namespace xedgesim::nodes
