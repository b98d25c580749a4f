#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "report/chart.h"

namespace xedgesim::report {

/// The gnuplot script that draws a chart, with its data inside. `terminal` is "png" or "svg". Texts of the
/// chart stand in single quotes, in which gnuplot substitutes nothing.
std::string gnuplot_script(const Chart& chart, const std::string& terminal, const std::string& output);

/// Draws each chart as ID.png and ID.svg into `directory` and leaves the script beside them as ID.gp. gnuplot
/// is started without a shell. Returns the files. Throws ConfigError when gnuplot is not installed and
/// SimulationError with its last words when it fails.
std::vector<std::filesystem::path> draw_with_gnuplot(std::span<const Chart> charts,
                                                     const std::filesystem::path& directory);

}  // namespace xedgesim::report
