#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xedgesim::scenario {

struct NamedThing {
  std::string name;
  std::string doc;
};

/// Metrics an assertion may name (docs/results.md says how each is computed), without the open-ended
/// families.
const std::vector<NamedThing>& assertion_metrics();
/// What a device's energy is recorded for: CAUSE of `energy_CAUSE_mJ`.
const std::vector<std::string>& energy_causes();
/// One of those metrics, or `precision_CLASS`, `recall_CLASS`; a name may carry a node or pattern:
/// `energy_mJ[vib_3]`.
bool is_assertion_metric(std::string_view name);
/// The metrics whose brackets name a flow, a link or a port: `flow_…`, `link_…`, `port_…`.
bool is_network_metric(std::string_view name);
/// "energy_mJ[vib_3]" -> "energy_mJ", "vib_3"; no node: "".
std::pair<std::string, std::string> split_metric(std::string_view name);
/// What `metrics.collect` may list.
const std::vector<NamedThing>& collectable_metrics();
/// Services the native edge and cloud kinds know.
const std::vector<NamedThing>& native_services();
/// Targets of `compute`.
const std::vector<NamedThing>& compute_targets();

std::vector<std::string> names_of(const std::vector<NamedThing>& things);

}  // namespace xedgesim::scenario
