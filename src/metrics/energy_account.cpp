#include "metrics/energy_account.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace xedgesim::metrics {
namespace {

constexpr double kMaxAmperes = 100;
constexpr double kMaxVolts = 1000;
constexpr double kMaxCoulombs = 1e9;  // in pA·ns below 2^100
/// pA·ns·µV in a nanojoule: 10^-27 J against 10^-9 J.
constexpr Wide kPerNanojoule = Wide{1'000'000'000} * 1'000'000'000;
constexpr double kPerCoulomb = 1e21;

}  // namespace

Wide EnergyAccount::Integral::at(SimTime t) const {
  return charge + Wide{picoamperes} * std::max(t, since).since_start().count_ns() -
         Wide{picoamperes} * since.count_ns();
}

void EnergyAccount::Integral::set(int64_t pa, SimTime t) {
  charge = at(t);
  since = t;
  picoamperes = pa;
}

EnergyAccount::EnergyAccount(std::string node, double supply_v, std::optional<Battery> battery)
    : node_(std::move(node)) {
  if (!(supply_v > 0 && supply_v <= kMaxVolts)) {
    throw ConfigError(fmt::format("node {}: a supply voltage of {} V is not possible; give one such as 3.0V",
                                  node_, supply_v));
  }
  supply_uv_ = std::llround(supply_v * 1e6);
  if (!battery) return;
  if (!(battery->capacity_c > 0 && battery->capacity_c <= kMaxCoulombs)) {
    throw ConfigError(
        fmt::format("node {}: a battery of {} C is not possible; give a capacity such as 225mAh", node_,
                    battery->capacity_c));
  }
  // Whole nanocoulombs, so that a product of large doubles does not decide the last digits.
  capacity_ = Wide{std::llround(battery->capacity_c * 1e9)} * 1'000'000'000'000;
}

EnergyAccount::Consumer EnergyAccount::consumer(std::string_view name) {
  const auto place =
      std::find_if(consumers_.begin(), consumers_.end(), [&](const Entry& e) { return e.name == name; });
  if (place != consumers_.end()) return static_cast<size_t>(place - consumers_.begin());
  consumers_.push_back({std::string(name), {}});
  return consumers_.size() - 1;
}

void EnergyAccount::current(Consumer c, double amperes, SimTime t) {
  Integral& consumer = consumers_[c].integral;
  if (!(amperes >= 0 && amperes <= kMaxAmperes)) {
    throw SimulationError(
        fmt::format("node {}: consumer {} cannot draw {} A; check the currents of its platform file", node_,
                    consumers_[c].name, amperes));
  }
  XEDGESIM_ASSERT(t >= total_.since);
  const int64_t pa = std::llround(amperes * 1e12);
  const Wide charge = total_.at(t);
  if (capacity_ >= 0 && !depleted_ && charge >= capacity_) depleted_ = depleted_at(t);
  total_ = {total_.picoamperes - consumer.picoamperes + pa, t, charge};
  consumer.set(pa, t);
}

std::vector<CauseEnergy> EnergyAccount::by_cause(SimTime t) const {
  std::vector<CauseEnergy> causes;
  causes.reserve(consumers_.size());
  for (const Entry& e : consumers_) {
    // In two parts, because charge times microvolts may need more than 128 bits.
    const Wide charge = e.integral.at(t);
    const Wide energy =
        charge / kPerNanojoule * supply_uv_ + charge % kPerNanojoule * supply_uv_ / kPerNanojoule;
    causes.push_back({e.name, static_cast<int64_t>(energy)});
  }
  return causes;
}

double EnergyAccount::charge_c(SimTime t) const { return static_cast<double>(total_.at(t)) / kPerCoulomb; }

std::optional<double> EnergyAccount::battery_fraction(SimTime t) const {
  if (capacity_ < 0) return std::nullopt;
  const Wide left = std::max(Wide{0}, capacity_ - total_.at(t));
  return static_cast<double>(left) / static_cast<double>(capacity_);
}

std::optional<SimTime> EnergyAccount::depleted_at(SimTime t) const {
  if (depleted_) return *depleted_ <= t ? depleted_ : std::nullopt;
  if (capacity_ < 0 || total_.at(t) < capacity_) return std::nullopt;
  // Within the running segment: the first whole nanosecond at which the charge is gone.
  const Wide missing = capacity_ - total_.charge;
  const Wide ns = (missing + total_.picoamperes - 1) / total_.picoamperes;
  return total_.since + Duration::ns(static_cast<int64_t>(ns));
}

std::optional<double> EnergyAccount::battery_life_s(SimTime t) const {
  const Wide used = total_.at(t);
  if (capacity_ < 0 || used == 0) return std::nullopt;
  return seconds(t.since_start()) * static_cast<double>(capacity_) / static_cast<double>(used);
}

}  // namespace xedgesim::metrics
