#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace xedgesim::metrics {

/// " — did you mean 'energy_mJ'?" with the nearest of `names`, or nothing when none is near.
std::string suggestion(std::string_view wrong, const std::vector<std::string>& names);

}  // namespace xedgesim::metrics
