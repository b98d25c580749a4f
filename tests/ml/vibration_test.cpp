#include "ml/vibration.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "base/rng.h"
#include "firmware/common/features.h"
#include "ml/vibration_windows.h"

namespace xedgesim::ml {
namespace {

SimTime ms(int64_t v) { return SimTime::at(Duration::ms(v)); }

std::vector<double> forward(uint64_t seed, const std::string& device, int count, Duration step) {
  VibrationSignal signal(seed, device);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(signal.acceleration_g(SimTime::at(step * i)));
  return values;
}

TEST(Vibration, DoesNotDependOnTheOrderOfCalls) {
  const int count = 40'000;
  const Duration step = Duration::us(10'007);  // 400 s: several states
  const std::vector<double> expected = forward(42, "vib_3", count, step);
  std::vector<int> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  RandomStream random(1, "test", "shuffle");
  std::shuffle(order.begin(), order.end(), random);
  VibrationSignal signal(42, "vib_3");
  for (int i : order) {
    if (i % 5 == 0) signal.label_at(SimTime::at(step * (count - i)));
    ASSERT_EQ(signal.acceleration_g(SimTime::at(step * i)), expected[static_cast<size_t>(i)])
        << "sample " << i;
  }
}

TEST(Vibration, IsKeyedBySeedAndDevice) {
  const auto a = forward(42, "vib_1", 2000, Duration::ms(1));
  EXPECT_EQ(a, forward(42, "vib_1", 2000, Duration::ms(1)));
  EXPECT_NE(a, forward(43, "vib_1", 2000, Duration::ms(1)));
  EXPECT_NE(a, forward(42, "vib_2", 2000, Duration::ms(1)));
}

TEST(Vibration, CodesAreTheSameOnEveryHost) {
  Digest digest;
  for (const char* device : {"a", "b", "c"}) {
    VibrationSignal signal(7, device);
    for (int64_t t = 0; t < 120'000; t += 3) digest.add(adc_code(signal.volts(ms(t))));
  }
  EXPECT_EQ(digest.hex(), "e0a54827c783f4b6661d54f8d4a4ff7d");
}

TEST(Vibration, StatesFillTheTimeLine) {
  int count[kLabelCount] = {};
  int changes = 0;
  for (int device = 0; device < 60; ++device) {
    VibrationSignal signal(5, fmt::format("d{}", device));
    Label before = signal.label_at(SimTime::zero());
    for (int64_t t = 0; t < 1000; ++t) {
      const Label label = signal.label_at(ms(t * 1000));
      ++count[static_cast<int>(label)];
      changes += label != before;
      before = label;
    }
  }
  EXPECT_NEAR(count[0] / 60'000.0, 0.5, 0.04);
  for (int fault = 1; fault < kLabelCount; ++fault) EXPECT_NEAR(count[fault] / 60'000.0, 1 / 6.0, 0.03);
  // 40 s a state on average; the next one differs with probability 1 - 1/4 - 3/36 = 2/3.
  EXPECT_NEAR(changes / 60.0, 1000 / 40.0 * 2 / 3, 2);
}

TEST(Vibration, WindowsTellWhetherTheStateChanged) {
  VibrationSignal signal(5, "edge");
  SimTime t = SimTime::zero();
  while (signal.label_at(t) == signal.label_at(t + Duration::ms(50))) t = t + Duration::ms(50);
  const SimTime border = t + Duration::ms(50);
  const Label first = signal.label_at(t), second = signal.label_at(border);
  const auto window = [&](int64_t before_ms, int64_t after_ms) {
    return signal.label_of_window(border - Duration::ms(before_ms), border + Duration::ms(after_ms));
  };
  EXPECT_FALSE(window(1000, 0).mixed);
  EXPECT_EQ(window(1000, 0).label, first);
  EXPECT_FALSE(window(0, 1000).mixed);
  EXPECT_EQ(window(0, 1000).label, second);
  EXPECT_TRUE(window(600, 400).mixed);
  EXPECT_EQ(window(600, 400).label, first);
  EXPECT_EQ(window(400, 600).label, second);
  EXPECT_EQ(window(500, 500).label, first);
}

/// Power of one frequency in `x` sampled at 1 kHz, by direct projection.
double power_at(const std::vector<double>& x, double hz) {
  double re = 0, im = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double angle = 2 * std::numbers::pi * hz * static_cast<double>(i) / 1000;
    re += x[i] * std::cos(angle);
    im += x[i] * std::sin(angle);
  }
  return (re * re + im * im) / static_cast<double>(x.size() * x.size());
}

TEST(Vibration, ShaftTurnsAtItsSpeed) {
  for (int device = 0; device < 10; ++device) {
    const auto x = forward(9, fmt::format("shaft_{}", device), 4000, Duration::ms(1));
    double best_hz = 0, best = 0;
    for (double hz = 15; hz < 45; hz += 0.1)
      if (const double p = power_at(x, hz); p > best) best = p, best_hz = hz;
    EXPECT_NEAR(best_hz, 29, 1.1) << "device " << device;
  }
}

TEST(Vibration, FaultsShowTheirLinesInTheEnvelope) {
  double sum[kLabelCount][FEATURE_COUNT] = {};
  int count[kLabelCount] = {};
  for (const VibrationWindow& w : vibration_windows({77, 30, 40})) {
    if (w.truth.mixed) continue;
    const auto label = static_cast<size_t>(w.truth.label);
    ++count[label];
    for (size_t f = 0; f < FEATURE_COUNT; ++f) sum[label][f] += w.features_q8[f] / 256.0;
  }
  const auto mean = [&](Label label, feature f) {
    const auto l = static_cast<size_t>(label);
    return sum[l][f] / count[l];
  };
  const struct {
    Label fault;
    feature line;
  } kLines[] = {{Label::inner_race, FEATURE_LINE_INNER},
                {Label::inner_race, FEATURE_LINE_SHAFT},
                {Label::outer_race, FEATURE_LINE_OUTER},
                {Label::ball, FEATURE_LINE_BALL},
                {Label::ball, FEATURE_LINE_CAGE}};
  for (const auto& [fault, line] : kLines)
    for (Label other : {Label::healthy, Label::inner_race, Label::outer_race, Label::ball})
      if (other != fault) {
        EXPECT_GT(mean(fault, line), mean(other, line) + 1) << to_string(fault) << " line " << line;
      }
}

TEST(Vibration, VoltsAreClippedToTheSupply) {
  EXPECT_EQ(adc_code(0), 0);
  EXPECT_EQ(adc_code(1.5), 2048);
  EXPECT_EQ(adc_code(3.0), 4095);
  EXPECT_EQ(adc_code(-1), 0);
  EXPECT_EQ(adc_code(9), 4095);
  VibrationSignal signal(3, "volts");
  for (int64_t t = 0; t < 5000; ++t) {
    const double a = signal.acceleration_g(ms(t));
    ASSERT_EQ(signal.volts(ms(t)), std::clamp(1.5 + 0.2 * a, 0.0, 3.0));
  }
}

TEST(Vibration, RefusesImpossibleStates) {
  EXPECT_THROW(VibrationSignal(1, "x", {Duration::s(2), Duration::s(1), 0.5}), ConfigError);
  EXPECT_THROW(VibrationSignal(1, "x", {Duration::ns(0), Duration::s(1), 0.5}), ConfigError);
}

TEST(Bearing, HasTheCharacteristicFrequenciesOfA6205) {
  // Published multiples for the 6205-2RS of the Case Western test rig.
  constexpr Bearing bearing;
  EXPECT_NEAR(bearing.inner_race(), 5.4152, 5e-4);
  EXPECT_NEAR(bearing.outer_race(), 3.5848, 5e-4);
  EXPECT_NEAR(bearing.cage(), 0.39828, 5e-4);
  EXPECT_NEAR(2 * bearing.ball_spin(), 4.7135, 2e-3);
}

}  // namespace
}  // namespace xedgesim::ml
