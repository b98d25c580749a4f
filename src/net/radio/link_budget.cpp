#include "net/radio/link_budget.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace xedgesim::net {
namespace {

constexpr size_t kTableLimit = 4096;  // stations; 32 MiB of table
constexpr int kNothing = 30000;       // 300 dB

/// Powers of ten, a whole number of decades and thousandths of one.
struct PowersOfTen {
  std::array<double, 1000> fraction;
  std::array<double, 61> decade;
  PowersOfTen() {
    for (int i = 0; i < 1000; ++i) fraction[static_cast<size_t>(i)] = std::pow(10.0, i / 1000.0);
    for (int i = 0; i < 61; ++i) decade[static_cast<size_t>(i)] = std::pow(10.0, i - 30);
  }
};
const PowersOfTen kPowersOfTen;

}  // namespace

LinkBudget::LinkBudget(std::unique_ptr<PathLoss> loss, std::vector<BudgetStation> stations,
                       Variation variation, int cutoff_cdbm)
    : loss_(std::move(loss)),
      stations_(std::move(stations)),
      variation_(variation),
      fading_(variation.fading != Variation::Fading::none),
      cutoff_cdbm_(cutoff_cdbm) {
  if (stations_.size() <= kTableLimit) table_.assign(stations_.size() * stations_.size(), kUnknown);
  for (const BudgetStation& s : stations_)
    largest_gain_db_ = std::max(largest_gain_db_, s.station.antenna_gain_db);
}

air::Station LinkBudget::at(uint32_t node, SimTime t) const {
  const BudgetStation& s = stations_[node];
  air::Station out = s.station;
  if (s.way.empty()) return out;
  const auto next = std::upper_bound(s.way.begin(), s.way.end(), t,
                                     [](SimTime when, const WayPoint& p) { return when < p.time; });
  const WayPoint start{.time = SimTime::zero(), .x_m = out.x_m, .y_m = out.y_m, .z_m = out.z_m};
  const WayPoint& a = next == s.way.begin() ? start : *(next - 1);
  const WayPoint& b = next == s.way.end() ? a : *next;
  const double share = b.time > a.time ? (t - a.time).count_s() / (b.time - a.time).count_s() : 0;
  out.x_m = a.x_m + share * (b.x_m - a.x_m);
  out.y_m = a.y_m + share * (b.y_m - a.y_m);
  out.z_m = a.z_m + share * (b.z_m - a.z_m);
  return out;
}

int LinkBudget::compute_loss_cdb(uint32_t from, uint32_t to, SimTime t) const {
  const air::Station &a = stations_[from].station, &b = stations_[to].station;
  if (const Aim* aim = stations_[from].aim.get()) {
    const bool all = aim->targets.empty();
    return all || std::binary_search(aim->targets.begin(), aim->targets.end(), b.id) ? 0 : kNothing;
  }
  const bool still = !moves(from) && !moves(to);
  double db = (still ? loss_->loss_db(a, b) : loss_->loss_db(at(from, t), at(to, t))) - a.antenna_gain_db -
              b.antenna_gain_db;
  if (variation_.shadowing_db != 0)
    db += shadowing_db(variation_, pair_key(stations_[from].key, stations_[to].key));
  if (!(db < kNothing / 100.0)) return kNothing;
  return static_cast<int>(std::lround(std::max(db, -kNothing / 100.0) * 100.0));
}

int LinkBudget::find_loss_cdb(uint32_t from, uint32_t to, SimTime t) const {
  int loss = kChanges;
  if (!table_.empty()) {
    int16_t& entry = table_[size_t{from} * stations_.size() + to];
    if (entry == kUnknown)
      entry = moves(from) || moves(to) ? kChanges : static_cast<int16_t>(compute_loss_cdb(from, to, t));
    loss = entry;
  }
  if (loss == kChanges) loss = compute_loss_cdb(from, to, t);
  if (!fading_ || loss == kNothing || stations_[from].aim) return loss;
  const double gain = fading_gain_db(variation_, pair_key(stations_[from].key, stations_[to].key), t);
  return loss - static_cast<int>(std::lround(gain * 100));
}

double LinkBudget::range_m(uint32_t from, int power_cdbm) const {
  const double gains =
      stations_[from].station.antenna_gain_db + largest_gain_db_ + variation_.largest_gain_db();
  return loss_->range_m((power_cdbm - cutoff_cdbm_) / 100.0 + gains + 0.01);
}

double LinkBudget::received_mw(uint32_t from, uint32_t to, int power_cdbm, SimTime t) const {
  const int cdbm = received_cdbm(from, to, power_cdbm, t);
  return cdbm < cutoff_cdbm_ ? 0.0 : mw_from_cdbm(cdbm);
}

double mw_from_cdbm(int cdbm) {
  const int shifted = std::clamp(cdbm, -30000, 30000) + 30000;
  const auto index = static_cast<unsigned>(shifted);
  return kPowersOfTen.fraction[index % 1000] * kPowersOfTen.decade[index / 1000];
}

int cdbm_from_mw(double mw) {
  if (!(mw > 1e-30)) return -30000;
  return static_cast<int>(std::lround(1000.0 * std::log10(mw)));
}

}  // namespace xedgesim::net
