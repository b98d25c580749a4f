#include "nodes/sensor_feed.h"

#include <gtest/gtest.h>

#include <cmath>

namespace xedgesim::nodes {
namespace {

SimTime s(double seconds) { return SimTime::at(Duration::seconds(seconds)); }

/// AIN0 rises a volt a second; AIN1 is at 2 V.
struct Ramp final : SignalSource {
  double volts(SimTime t) override { return t.since_start().count_s(); }
};

struct SensorFeedFaults : testing::Test {
  void SetUp() override {
    feed.connect(0, std::make_unique<Ramp>());
    feed.connect(1, constant_source(2));
  }
  void add(SensorFault::Mode mode, double from, double to, std::optional<double> value = {},
           unsigned ain = 0) {
    feed.add_fault(ain, {.from = s(from), .to = s(to), .mode = mode, .value = value}, 42, "vib");
  }
  SensorFeed feed;
};

TEST_F(SensorFeedFaults, StuckKeepsWhatWasConvertedLast) {
  add(SensorFault::Mode::stuck, 1, 2);
  EXPECT_DOUBLE_EQ(feed.volts(0, s(0.75)), 0.75);
  EXPECT_DOUBLE_EQ(feed.volts(0, s(1)), 0.75);
  EXPECT_DOUBLE_EQ(feed.volts(0, s(1.999)), 0.75);
  EXPECT_DOUBLE_EQ(feed.volts(0, s(2)), 2);
  EXPECT_DOUBLE_EQ(feed.volts(1, s(2)), 2);
}

TEST_F(SensorFeedFaults, StuckAtAValueOrFromTheBeginning) {
  add(SensorFault::Mode::stuck, 1, 2, -0.5);
  add(SensorFault::Mode::stuck, 5, 6, {}, 1);
  EXPECT_DOUBLE_EQ(feed.volts(0, s(1.5)), -0.5);
  EXPECT_DOUBLE_EQ(feed.volts(1, s(5.5)), 2);
}

TEST_F(SensorFeedFaults, DriftsAndIsDisconnected) {
  add(SensorFault::Mode::drift, 1, 3, 0.25);
  add(SensorFault::Mode::disconnect, 4, 5);
  EXPECT_DOUBLE_EQ(feed.volts(0, s(1)), 1);
  EXPECT_DOUBLE_EQ(feed.volts(0, s(2.5)), 2.5 + 1.5 * 0.25);
  EXPECT_DOUBLE_EQ(feed.volts(0, s(3)), 3);
  EXPECT_DOUBLE_EQ(feed.volts(0, s(4.5)), 0);
}

TEST_F(SensorFeedFaults, NoiseIsSeededAndHasItsDeviation) {
  add(SensorFault::Mode::noise, 0, 10, 0.1, 1);
  SensorFeed same;
  same.connect(1, constant_source(2));
  same.add_fault(1, {.from = s(0), .to = s(10), .mode = SensorFault::Mode::noise, .value = 0.1}, 42, "vib");
  double sum = 0, squares = 0;
  constexpr int kCount = 10'000;
  for (int i = 0; i < kCount; ++i) {
    const SimTime t = s(i * 0.001);
    const double v = feed.volts(1, t) - 2;
    ASSERT_DOUBLE_EQ(v, same.volts(1, t) - 2);
    sum += v;
    squares += v * v;
  }
  EXPECT_NEAR(sum / kCount, 0, 0.005);
  EXPECT_NEAR(std::sqrt(squares / kCount), 0.1, 0.005);
  EXPECT_DOUBLE_EQ(feed.volts(1, s(10)), 2);
}

}  // namespace
}  // namespace xedgesim::nodes
