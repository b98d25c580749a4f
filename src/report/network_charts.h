#pragma once
#include <filesystem>
#include <vector>

#include "report/chart.h"

namespace xedgesim::report {

/// What a run recorded of its networks over time: how busy the radio channel was, collisions and lost
/// packets, what each cable carried and lost. Charts without data are left out; a chart shows the eight
/// cables with the most in it.
std::vector<Chart> network_charts(const std::filesystem::path& run);

}  // namespace xedgesim::report
