#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "metrics/run_directory.h"
#include "report/gnuplot.h"
#include "report/result_charts.h"

namespace xedgesim::cli {
namespace {

struct PlotFlags {
  std::string directory, output, format = "table";
};

ExitCode plot_command(const PlotFlags& flags) {
  const report::RunSet set = report::load_run_set(flags.directory);
  const auto charts = report::result_charts(set);
  if (charts.empty())
    throw ConfigError(fmt::format("'{}' holds no finished run with data to plot", flags.directory));
  const std::filesystem::path output =
      flags.output.empty() ? set.directory / "figures" : std::filesystem::path(flags.output);
  std::error_code ec;
  std::filesystem::create_directories(output, ec);
  if (!std::filesystem::is_directory(output))
    throw ConfigError(fmt::format("cannot create the folder '{}': choose another --output", output.string()));
  const auto files = report::draw_with_gnuplot(charts, output);
  if (flags.output.empty()) {
    // What was drawn here before and has no data now would stand in the report.
    std::vector<std::string> drawn;
    for (const report::Chart& c : charts) drawn.push_back(c.id);
    metrics::remove_figures(set.directory, drawn);
  }
  if (flags.format == "json") {
    nlohmann::ordered_json j{{"figures", nlohmann::ordered_json::array()}};
    for (const auto& f : files) j["figures"].push_back(f.string());
    std::printf("%s\n", j.dump(2).c_str());
  } else {
    for (const auto& f : files) std::printf("%s\n", f.c_str());
  }
  return ExitCode::ok;
}

}  // namespace

void add_plot(CLI::App& app, Body& body) {
  auto flags = std::make_shared<PlotFlags>();
  CLI::App* c =
      app.add_subcommand("plot", "Draw the figures of a run or a batch as PNG and SVG with gnuplot");
  c->add_option("results", flags->directory,
                "Folder of a run, of a scenario's runs (the latest) or of a batch")
      ->required();
  c->add_option("-o,--output", flags->output, "Folder of the figures; absent: figures/ in the results")
      ->envname("XEDGESIM_FIGURES");
  add_format(*c, flags->format, "List the files for people (table) or machines (json)");
  c->footer("Example:  xedgesim plot results/vibration-monitoring --output figures/");
  c->callback([&body, flags] { body = [flags] { return plot_command(*flags); }; });
}

}  // namespace xedgesim::cli
