#include "net/radio/path_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/error.h"

namespace xedgesim::net {
namespace {

constexpr double kLightSpeed = 299'792'458.0;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double free_space_db(double d, double frequency_hz) {
  if (d <= 0) return 0;
  return std::max(0.0, 20.0 * std::log10(4.0 * std::numbers::pi * d * frequency_hz / kLightSpeed));
}

}  // namespace

double distance_m(const air::Station& a, const air::Station& b) {
  const double dx = a.x_m - b.x_m, dy = a.y_m - b.y_m, dz = a.z_m - b.z_m;
  return std::sqrt(dx * dx + dy * dy + dz * dz);
}

double PathLoss::range_m(double) const { return kInfinity; }

double LogDistance::range_m(double loss_db) const {
  if (loss_db < reference_loss_db) return 0;
  return reference_distance_m * std::pow(10.0, (loss_db - reference_loss_db) / (10.0 * exponent));
}

double FreeSpace::range_m(double loss_db) const {
  return std::pow(10.0, loss_db / 20.0) * kLightSpeed / (4.0 * std::numbers::pi * frequency_hz);
}

double RangeLoss::loss_db(const air::Station& from, const air::Station& to) const {
  return distance_m(from, to) <= max_range_m ? 0 : kInfinity;
}

double LogDistance::loss_db(const air::Station& from, const air::Station& to) const {
  const double d = distance_m(from, to);
  if (d <= reference_distance_m) return reference_loss_db;
  return reference_loss_db + 10.0 * exponent * std::log10(d / reference_distance_m);
}

double FreeSpace::loss_db(const air::Station& from, const air::Station& to) const {
  return free_space_db(distance_m(from, to), frequency_hz);
}

double TwoRay::loss_db(const air::Station& from, const air::Station& to) const {
  const double h1 = from.z_m > 0 ? from.z_m : default_height_m;
  const double h2 = to.z_m > 0 ? to.z_m : default_height_m;
  const double d = std::hypot(from.x_m - to.x_m, from.y_m - to.y_m);
  const double crossover = 4.0 * std::numbers::pi * h1 * h2 * frequency_hz / kLightSpeed;
  if (d <= crossover) return free_space_db(std::hypot(d, h1 - h2), frequency_hz);
  return std::max(0.0, 40.0 * std::log10(d) - 20.0 * std::log10(h1 * h2));
}

void LossMatrix::set(sim::ParticipantId from, sim::ParticipantId to, double db, bool one_way) {
  if (!std::isfinite(db)) throw ConfigError("A path loss of the loss matrix is not a finite number of dB.");
  const auto f = static_cast<size_t>(from), t = static_cast<size_t>(to);
  if (rows_.size() <= f) rows_.resize(f + 1);
  if (rows_[f].size() <= t) rows_[f].resize(t + 1, kInfinity);
  rows_[f][t] = db;
  if (!one_way) set(to, from, db, true);
}

double LossMatrix::loss_db(const air::Station& from, const air::Station& to) const {
  const auto f = static_cast<size_t>(from.id), t = static_cast<size_t>(to.id);
  return f < rows_.size() && t < rows_[f].size() ? rows_[f][t] : kInfinity;
}

}  // namespace xedgesim::net
