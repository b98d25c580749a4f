// Against the definitions, in double precision with direct sums.
#include "firmware/common/features.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

#include "base/rng.h"
#include "ml/vibration_windows.h"

namespace xedgesim::ml {
namespace {

using Complex = std::complex<double>;

std::vector<double> features(const std::vector<int16_t>& codes, uint32_t rate = 1000) {
  float out[FEATURE_COUNT];
  features_compute(codes.data(), codes.size(), rate, out);
  return {out, out + FEATURE_COUNT};
}

/// Power of the first and the last 256 values under a Hann window, summed, bins 0 to 127.
std::vector<double> two_frames(const std::vector<double>& x) {
  std::vector<double> power(128);
  for (size_t start : {size_t{0}, x.size() - 256}) {
    for (size_t k = 0; k < 128; ++k) {
      Complex sum = 0;
      for (size_t i = 0; i < 256; ++i) {
        const double turn = 2 * std::numbers::pi * static_cast<double>(i) / 256;
        sum += x[start + i] * (0.5 - 0.5 * std::cos(turn)) * std::polar(1.0, -turn * static_cast<double>(k));
      }
      power[k] += std::norm(sum);
    }
  }
  return power;
}

std::vector<double> squared_envelope(const std::vector<double>& x) {
  const double taps[6] = {43, 34, 16, 0, -5, -2};
  std::vector<double> envelope;
  for (int c = 5; c + 5 < static_cast<int>(x.size()); c += 2) {
    Complex sum = 0;
    for (int k = -5; k <= 5; ++k)
      sum +=
          taps[std::abs(k)] * x[static_cast<size_t>(c - k)] * std::polar(1.0, 2 * std::numbers::pi * k / 3);
    envelope.push_back(std::norm(sum));
  }
  return envelope;
}

std::vector<double> reference(const std::vector<int16_t>& codes) {
  std::vector<double> x(codes.begin(), codes.end());
  const double n = static_cast<double>(x.size());
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  double m2 = 0, m3 = 0, m4 = 0, peak = 0;
  for (double& v : x) {
    v -= mean;
    m2 += v * v / n;
    m3 += v * v * v / n;
    m4 += v * v * v * v / n;
    peak = std::max(peak, std::abs(v));
  }
  const auto raw = two_frames(x), env = two_frames(squared_envelope(x));
  // Mean square of a one-sided band: 2 |X|^2 / (N sum w^2), averaged over the two frames.
  const auto band = [&](double low, double high) {
    double sum = 0;
    for (size_t k = static_cast<size_t>(low / 1000 * 256); k <= std::ceil(high / 1000 * 256); ++k)
      sum += raw[k];
    return std::log2(2 * sum / (256 * 256 * 0.375) / 2);
  };
  const auto line = [&](double low, double high, bool total = false) {
    double sum = 0, top = 0;
    for (size_t k = static_cast<size_t>(low / 500 * 256); k <= std::ceil(high / 500 * 256); ++k) {
      sum += env[k];
      top = std::max(top, env[k]);
    }
    return std::log2((total ? sum : top) / env[0] + 0x1p-20);
  };
  return {std::log2(std::sqrt(m2)),
          std::log2(peak),
          peak / std::sqrt(m2),
          std::log2(m4 / (m2 * m2)),
          m3 / std::pow(m2, 1.5),
          band(10, 95),
          band(95, 225),
          band(225, 330),
          band(330, 480),
          line(5, 225, true),
          line(10, 13),
          line(27, 31),
          line(99, 109),
          line(199, 217),
          line(131, 143),
          line(150, 164)};
}

TEST(Features, MatchTheDefinitions) {
  for (int device = 0; device < 12; ++device) {
    VibrationSignal signal(21, fmt::format("f{}", device));
    const auto codes = vibration_codes(signal, SimTime::at(Duration::s(31 * device)));
    const auto got = features(codes), expected = reference(codes);
    for (size_t i = 0; i < FEATURE_COUNT; ++i) {
      // The peak is measured from the mean rounded to a code.
      const double tolerance = i == FEATURE_PEAK || i == FEATURE_CREST ? 0.05 : 1e-3;
      EXPECT_NEAR(got[i], expected[i], tolerance) << "feature " << i << ", device " << device;
    }
  }
}

std::vector<int16_t> tone(double amplitude, double hz, double modulation, double modulation_hz,
                          size_t n = 1000) {
  std::vector<int16_t> codes(n);
  for (size_t i = 0; i < n; ++i) {
    const double t = 2 * std::numbers::pi * static_cast<double>(i) / 1000;
    codes[i] = static_cast<int16_t>(
        std::lround(2048 + amplitude * (1 + modulation * std::cos(modulation_hz * t)) * std::sin(hz * t)));
  }
  return codes;
}

TEST(Features, OfATone) {
  const auto f = features(tone(500, 60, 0, 0));
  EXPECT_NEAR(f[FEATURE_RMS], std::log2(500 / std::sqrt(2)), 0.01);
  EXPECT_NEAR(f[FEATURE_CREST], std::sqrt(2), 0.01);
  EXPECT_NEAR(f[FEATURE_KURTOSIS], std::log2(1.5), 0.01);
  EXPECT_NEAR(f[FEATURE_SKEWNESS], 0, 0.01);
  EXPECT_NEAR(f[FEATURE_BAND_SHAFT], std::log2(500 * 500 / 2), 0.01);
  EXPECT_LT(f[FEATURE_BAND_HIGH], 0);
}

TEST(Features, ModulationAppearsAtItsFrequency) {
  const struct {
    double hz;
    feature line;
  } kCases[] = {{11.5, FEATURE_LINE_CAGE},   {29, FEATURE_LINE_SHAFT}, {104, FEATURE_LINE_OUTER},
                {208, FEATURE_LINE_OUTER_2}, {137, FEATURE_LINE_BALL}, {157, FEATURE_LINE_INNER}};
  for (const auto& [hz, line] : kCases) {
    const auto f = features(tone(800, 333, 0.5, hz));
    for (size_t other = FEATURE_LINE_CAGE; other < FEATURE_COUNT; ++other)
      if (other != line) {
        EXPECT_GT(f[line], f[other] + 4) << hz << " Hz in feature " << other;
      }
  }
}

TEST(Features, IgnoreTheOffset) {
  VibrationSignal signal(4, "offset");
  const auto codes = vibration_codes(signal, SimTime::zero());
  auto moved = codes;
  for (int16_t& c : moved) c = static_cast<int16_t>(c - 700);
  const auto a = features(codes), b = features(moved);
  for (size_t i = 0; i < FEATURE_COUNT; ++i) EXPECT_NEAR(a[i], b[i], 1e-4) << i;
}

TEST(Features, StayFiniteAndInRangeOnAnyInput) {
  RandomStream random(1, "features", "inputs");
  std::vector<std::vector<int16_t>> inputs{
      {}, {5}, std::vector<int16_t>(15, 1), std::vector<int16_t>(1000, 2048), std::vector<int16_t>(1000, 0)};
  for (size_t n : {16u, 17u, 100u, 255u, 256u, 257u, 521u, 522u, 523u, 999u, 1000u, 1024u, 1025u, 5000u}) {
    std::vector<int16_t> noise(n), square(n), impulse(n, 2048), wild(n);
    for (size_t i = 0; i < n; ++i) {
      noise[i] = static_cast<int16_t>(random.below(4096));
      square[i] = i / 8 % 2 ? 4095 : 0;
      wild[i] = static_cast<int16_t>(random());
    }
    impulse[n / 2] = 4095;
    inputs.insert(inputs.end(), {noise, square, impulse, wild});
  }
  for (const auto& codes : inputs) {
    for (uint32_t rate : {0u, 1u, 100u, 1000u, 1'000'000u}) {
      for (double f : features(codes, rate)) {
        ASSERT_TRUE(std::isfinite(f)) << codes.size() << " samples at " << rate;
        ASSERT_LE(std::abs(f), 64) << codes.size() << " samples at " << rate;
      }
    }
  }
}

TEST(Features, RoundToQ8) {
  EXPECT_EQ(features_to_q8(0.0f), 0);
  EXPECT_EQ(features_to_q8(1.0f), 256);
  EXPECT_EQ(features_to_q8(-1.5f / 256), -2);
  EXPECT_EQ(features_to_q8(1.5f / 256), 2);
  EXPECT_EQ(features_to_q8(1e9f), 32767);
  EXPECT_EQ(features_to_q8(-1e9f), -32768);
}

}  // namespace
}  // namespace xedgesim::ml
