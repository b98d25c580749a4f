#pragma once
#include <cstdint>

#include "metrics/energy.h"

namespace xedgesim::metrics {

/// The energy model of the implementation guide, section 3.4: 10 nJ per active cycle, 5 µW asleep, 50 µJ per
/// transmission at 0 dBm times 10^(dBm/10) plus 0.1 µJ per byte, 30 µJ per reception.
///
/// The guide's listing divides the sleep term by 1,000 where 1,000,000 makes microjoules of µs·µW; we keep
/// its constants and use the right power of ten. Its other limits are kept: idle listening costs nothing.
class SeedEnergyModel : public EnergyMeter {
 public:
  /// Cycles executed and time asleep since the start of the run.
  void cpu(int64_t active_cycles, Duration asleep);
  /// One transmission of `bytes` (PSDU) at power_cdbm hundredths of a dBm, -100 dBm to +40 dBm.
  void transmitted(int64_t power_cdbm, int64_t bytes);
  void received() { ++receptions_; }

  /// What cpu(), transmitted() and received() have told so far; `t` is not used.
  std::vector<CauseEnergy> by_cause(SimTime t) const override;

 private:
  int64_t active_cycles_ = 0;
  Duration asleep_;
  int64_t tx_nanojoules_ = 0;
  int64_t receptions_ = 0;
};

}  // namespace xedgesim::metrics
