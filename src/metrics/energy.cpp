#include "metrics/energy.h"

namespace xedgesim::metrics {

int64_t total_nanojoules(const std::vector<CauseEnergy>& causes) {
  int64_t sum = 0;
  for (const CauseEnergy& c : causes) sum += c.nanojoules;
  return sum;
}

}  // namespace xedgesim::metrics
