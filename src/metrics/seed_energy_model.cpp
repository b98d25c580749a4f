#include "metrics/seed_energy_model.h"

#include <array>
#include <cmath>

#include "base/error.h"
#include "metrics/decimal.h"

namespace xedgesim::metrics {
namespace {

constexpr int64_t kActiveCycleNj = 10;
constexpr int64_t kSleepMicrowatts = 5;
constexpr double kTxNj = 50'000;
constexpr int64_t kTxByteNj = 100;
constexpr int64_t kRxNj = 30'000;

/// 10^(cdbm/1000) by multiplication of constants: the library's pow() may differ in the last bit from host
/// to host.
double power_factor(int64_t cdbm) {
  constexpr std::array<double, 10> tenths{1.0,
                                          1.2589254117941673,
                                          1.5848931924611134,
                                          1.9952623149688795,
                                          2.51188643150958,
                                          3.1622776601683795,
                                          3.9810717055349727,
                                          5.011872336272723,
                                          6.3095734448019325,
                                          7.943282347242815};  // 10^(i/10)
  constexpr std::array<double, 10> hundredths{1.0,
                                              1.023292992280754,
                                              1.0471285480508996,
                                              1.0715193052376064,
                                              1.096478196143185,
                                              1.1220184543019633,
                                              1.1481536214968828,
                                              1.1748975549395295,
                                              1.202264434617413,
                                              1.2302687708123816};  // 10^(i/100)
  constexpr std::array<double, 10> thousandths{1.0,
                                               1.0023052380778996,
                                               1.0046157902783952,
                                               1.0069316688518042,
                                               1.0092528860766845,
                                               1.0115794542598986,
                                               1.0139113857366795,
                                               1.0162486928706955,
                                               1.0185913880541169,
                                               1.02093948370768};  // 10^(i/1000)
  const int64_t positive = cdbm + 100'000;
  double factor = tenths[static_cast<size_t>(positive / 100 % 10)] *
                  hundredths[static_cast<size_t>(positive / 10 % 10)] *
                  thousandths[static_cast<size_t>(positive % 10)];
  for (int64_t decade = positive / 1000 - 100; decade > 0; --decade) factor *= 10;
  for (int64_t decade = positive / 1000 - 100; decade < 0; ++decade) factor /= 10;
  return factor;
}

}  // namespace

void SeedEnergyModel::cpu(int64_t active_cycles, Duration asleep) {
  active_cycles_ = active_cycles;
  asleep_ = asleep;
}

void SeedEnergyModel::transmitted(int64_t power_cdbm, int64_t bytes) {
  XEDGESIM_ASSERT(power_cdbm >= -10'000 && power_cdbm <= 4'000);
  tx_nanojoules_ += std::llround(kTxNj * power_factor(power_cdbm)) + bytes * kTxByteNj;
}

std::vector<CauseEnergy> SeedEnergyModel::by_cause(SimTime) const {
  // ns × µW = femtojoules.
  const auto sleep = static_cast<int64_t>(Wide{asleep_.count_ns()} * kSleepMicrowatts / 1'000'000);
  return {{"cpu_active", active_cycles_ * kActiveCycleNj},
          {"sleep", sleep},
          {"radio_tx", tx_nanojoules_},
          {"radio_rx", receptions_ * kRxNj}};
}

}  // namespace xedgesim::metrics
