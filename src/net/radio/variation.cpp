#include "net/radio/variation.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace xedgesim::net {
namespace {

constexpr double kMostShadowing = 4;  // standard deviations
constexpr double kMostFadingGain = 15, kLeastFadingGain = -60;

// SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// In (0, 1].
double uniform(uint64_t bits) { return (static_cast<double>(bits >> 11) + 1) * 0x1p-53; }

struct Pair {
  double a, b;
};

/// Two independent standard normal values (Box and Muller).
Pair normals(uint64_t key) {
  const double r = std::sqrt(-2 * std::log(uniform(mix(key))));
  const double angle = 2 * std::numbers::pi * uniform(mix(key ^ 0x5851f42d4c957f2d));
  return {r * std::cos(angle), r * std::sin(angle)};
}

}  // namespace

double Variation::largest_gain_db() const {
  return kMostShadowing * shadowing_db + (fading == Fading::none ? 0 : kMostFadingGain);
}

uint64_t pair_key(uint64_t a, uint64_t b) { return mix(mix(std::min(a, b)) ^ std::max(a, b)); }

double shadowing_db(const Variation& v, uint64_t pair) {
  if (v.shadowing_db == 0) return 0;
  return v.shadowing_db * std::clamp(normals(pair).a, -kMostShadowing, kMostShadowing);
}

double fading_gain_db(const Variation& v, uint64_t pair, SimTime t) {
  if (v.fading == Variation::Fading::none) return 0;
  const auto block = static_cast<uint64_t>(t.since_start() / v.coherence);
  const Pair n = normals(mix(pair ^ 0x2545f4914f6cdd1d) + block);
  const double k = v.fading == Variation::Fading::rician ? std::pow(10.0, v.rician_k_db / 10) : 0;
  const double scattered = std::sqrt(0.5 / (k + 1));
  const double x = std::sqrt(k / (k + 1)) + scattered * n.a, y = scattered * n.b;
  return std::clamp(10 * std::log10(std::max(x * x + y * y, 1e-12)), kLeastFadingGain, kMostFadingGain);
}

}  // namespace xedgesim::net
