#include "metrics/energy_account.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace xedgesim::metrics {
namespace {

constexpr double kMaxAmperes = 100;
constexpr double kMaxVolts = 1000;
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

EnergyAccount::EnergyAccount(std::string node, double supply_v) : node_(std::move(node)) {
  if (!(supply_v > 0 && supply_v <= kMaxVolts)) {
    throw ConfigError(fmt::format("node {}: a supply voltage of {} V is not possible; give one such as 3.0V",
                                  node_, supply_v));
  }
  supply_uv_ = std::llround(supply_v * 1e6);
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

std::optional<double> EnergyAccount::life_s(double coulombs, SimTime t) const {
  const double used = charge_c(t);
  if (used == 0) return std::nullopt;
  return seconds(t.since_start()) * coulombs / used;
}

}  // namespace xedgesim::metrics
