#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scenario/scenario.h"
#include "scenario/search_space.h"

namespace xedgesim::system {

/// One way to do the scenario's task: what is set in the scenario to get it.
struct PlacementVariant {
  std::string name;  ///< "hybrid-after_1-report_interval_2s"; unique, fit for a folder name
  std::vector<std::string> overrides;
  std::map<std::string, std::string> parameters;  ///< what the table shows: "placement" -> "hybrid"
};

/// What is not tried, and why.
struct LeftOut {
  std::string name, reason;
};

struct PlacementSpace {
  std::vector<PlacementVariant> variants;
  std::vector<LeftOut> left_out;
};

/// Every placement for which the scenario has the models, with a hybrid one for each layer behind which the
/// model can be cut, times report intervals (the scenario's, twice and four times that), times all values of
/// `vary`: as far as `space` does not say otherwise. Placements that cannot be are left out with the reason.
/// All groups in question get the same placement. Throws ConfigError when there is no such group or nothing
/// is left.
PlacementSpace placement_space(const scenario::Scenario& scenario, const scenario::SearchSpace& space);

/// A time that no sample of this scenario can beat from its window's end to its result: the way to the cloud
/// (and back, if a device waits for the verdict) when the cloud infers for every group. None when something
/// may make the way shorter: jitter that is not uniform, reordering, profiles and faults that change links.
std::optional<Duration> latency_floor(const scenario::Scenario& scenario);

}  // namespace xedgesim::system
