#include "net/radio/link_budget.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace xedgesim::net {
namespace {

constexpr size_t kTableLimit = 4096;  // stations; 32 MiB of table
constexpr int16_t kUnknown = -32768;
constexpr int kNothing = 30000;  // 300 dB

}  // namespace

LinkBudget::LinkBudget(std::unique_ptr<PathLoss> loss, std::vector<air::Station> stations, int cutoff_cdbm)
    : loss_(std::move(loss)), stations_(std::move(stations)), cutoff_cdbm_(cutoff_cdbm) {
  if (stations_.size() <= kTableLimit) table_.assign(stations_.size() * stations_.size(), kUnknown);
}

int LinkBudget::compute_loss_cdb(uint32_t from, uint32_t to) const {
  const auto& a = stations_[from];
  const auto& b = stations_[to];
  const double db = loss_->loss_db(a, b) - a.antenna_gain_db - b.antenna_gain_db;
  if (!(db < kNothing / 100.0)) return kNothing;
  return static_cast<int>(std::lround(std::max(db, -kNothing / 100.0) * 100.0));
}

int LinkBudget::loss_cdb(uint32_t from, uint32_t to) const {
  if (table_.empty()) return compute_loss_cdb(from, to);
  int16_t& entry = table_[size_t{from} * stations_.size() + to];
  if (entry == kUnknown) entry = static_cast<int16_t>(compute_loss_cdb(from, to));
  return entry;
}

double LinkBudget::received_mw(uint32_t from, uint32_t to, int power_cdbm) const {
  const int cdbm = received_cdbm(from, to, power_cdbm);
  return cdbm < cutoff_cdbm_ ? 0.0 : mw_from_cdbm(cdbm);
}

double mw_from_cdbm(int cdbm) {
  struct Tables {
    std::array<double, 1000> fraction;
    std::array<double, 61> decade;
    Tables() {
      for (int i = 0; i < 1000; ++i) fraction[static_cast<size_t>(i)] = std::pow(10.0, i / 1000.0);
      for (int i = 0; i < 61; ++i) decade[static_cast<size_t>(i)] = std::pow(10.0, i - 30);
    }
  };
  static const Tables tables;
  const int shifted = std::clamp(cdbm, -30000, 30000) + 30000;
  return tables.fraction[static_cast<size_t>(shifted % 1000)] *
         tables.decade[static_cast<size_t>(shifted / 1000)];
}

int cdbm_from_mw(double mw) {
  if (!(mw > 1e-30)) return -30000;
  return static_cast<int>(std::lround(1000.0 * std::log10(mw)));
}

}  // namespace xedgesim::net
