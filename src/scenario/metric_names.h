#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace xedgesim::scenario {

struct NamedThing {
  std::string_view name;
  std::string_view doc;
};

/// Metrics an assertion may name. With a `scope.node` they are taken over those nodes alone.
const std::vector<NamedThing>& assertion_metrics();
/// What `metrics.collect` may list.
const std::vector<NamedThing>& collectable_metrics();
/// Services the native edge and cloud kinds know.
const std::vector<NamedThing>& native_services();
/// Targets of `compute`.
const std::vector<NamedThing>& compute_targets();

std::vector<std::string> names_of(const std::vector<NamedThing>& things);

}  // namespace xedgesim::scenario
