#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace xedgesim::metrics {

/// What one cause has used since the start of the run, in whole nanojoules (rounded down).
struct CauseEnergy {
  std::string cause = {};  ///< "cpu_active", "sleep", "radio_tx", "radio_rx", "radio_idle", "saadc", …
  int64_t nanojoules = 0;
};

int64_t total_nanojoules(const std::vector<CauseEnergy>& causes);

/// A node's energy since the start of the run, by cause. Two kinds: EnergyAccount, from currents, and
/// SeedEnergyModel, from the seed's constants.
class EnergyMeter {
 public:
  virtual ~EnergyMeter() = default;
  /// At `t`, in order of first use; the total is the sum of the rounded causes.
  virtual std::vector<CauseEnergy> by_cause(SimTime t) const = 0;
};

}  // namespace xedgesim::metrics
