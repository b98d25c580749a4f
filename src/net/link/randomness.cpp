#include "net/link/randomness.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace xedgesim::net {
namespace {

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

constexpr double kTableEnd = 32767.0 / 8192;  // the tables are 16-bit numbers in units of 1/8192

double pareto(double u) { return std::min((std::pow(1 - u, -1.0 / 3) - 1.5) * 4 / 3, kTableEnd); }

}  // namespace

double normal_quantile(double u) {
  const bool upper = u > 0.5;
  const double tail = std::max(upper ? 1 - u : u, 1e-300);
  // Abramowitz and Stegun 26.2.23 to begin with, then Newton on the distribution function.
  const double t = std::sqrt(-2 * std::log(tail));
  double x = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  for (int i = 0; i < 3; ++i)
    x -= (normal_cdf(x) - tail) * std::sqrt(2 * std::numbers::pi) * std::exp(x * x / 2);
  return upper ? -x : x;
}

double jitter_quantile(Jitter distribution, double u) {
  switch (distribution) {
    case Jitter::none:
      return 0;
    case Jitter::uniform:
      return 2 * u - 1;
    case Jitter::normal:
      return normal_quantile(u);
    case Jitter::pareto:
      return pareto(u);
    case Jitter::paretonormal:
      return std::min((normal_quantile(u) + 3 * pareto(u)) / 4, kTableEnd);
  }
  return 0;
}

bool CorrelatedChance::draw(RandomStream& r, double p, double correlation) {
  if (p <= 0) return last_ = false;
  if (correlation > 0 && begun_ && r.chance(correlation)) return last_;
  begun_ = true;
  return last_ = r.chance(p);
}

double JitterSource::draw(RandomStream& r, Jitter distribution, double correlation) {
  if (correlation == 0) {
    if (distribution == Jitter::none) return 0;
    if (distribution == Jitter::uniform) return r.uniform(-1, 1);
    if (distribution == Jitter::normal) return r.normal(0, 1);
    return jitter_quantile(distribution, std::max(r.uniform(), 0x1p-53));
  }
  const double fresh = r.normal(0, 1);
  last_ = begun_ ? correlation * last_ + std::sqrt(1 - correlation * correlation) * fresh : fresh;
  begun_ = true;
  return distribution == Jitter::normal ? last_ : jitter_quantile(distribution, normal_cdf(last_));
}

bool LossModel::lose(RandomStream& r, const LinkParameters& p) {
  if (p.states) return four_states(r, *p.states);
  if (p.bursts) return two_states(r, *p.bursts);
  return chance_.draw(r, p.loss, p.loss_correlation);
}

bool LossModel::two_states(RandomStream& r, const GilbertElliott& m) {
  if (r.chance(bad_ ? m.bad_to_good : m.good_to_bad)) bad_ = !bad_;
  return r.chance(bad_ ? m.loss_bad : m.loss_good);
}

bool LossModel::four_states(RandomStream& r, const FourState& m) {
  const double u = r.uniform();
  switch (state_) {
    case 1:
      state_ = u < m.p14 ? 4 : u < m.p14 + m.p13 ? 3 : 1;
      break;
    case 2:
      state_ = u < m.p23 ? 3 : 2;
      break;
    case 3:
      state_ = u < m.p32 ? 2 : u < m.p32 + m.p31 ? 1 : 3;
      break;
    default:
      state_ = 1;
  }
  return state_ >= 3;
}

}  // namespace xedgesim::net
