#pragma once
#include <utility>
#include <vector>

#include "scenario/scenario.h"

namespace xedgesim::system {

/// Instants at which fault number `index` begins: once, repeated, or at random (seeded), all before the end of
/// the run.
std::vector<Duration> fault_times(const scenario::Fault& fault, size_t index, const scenario::Scenario& scenario);

/// Begin and end of each time it is there, without a duration to the end of the run; those that overlap made
/// one.
std::vector<std::pair<SimTime, SimTime>> fault_windows(const scenario::Fault& fault, size_t index,
                                                       const scenario::Scenario& scenario);

/// 12.5 ppm = 12500.
int64_t parts_per_billion(double ppm);

}  // namespace xedgesim::system
