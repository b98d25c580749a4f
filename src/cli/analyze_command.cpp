#include <fmt/format.h>

#include <cstdio>

#include "cli/command.h"
#include "report/batch_report.h"
#include "report/comparison.h"
#include "report/text_table.h"

namespace xedgesim::cli {
namespace {

struct AnalyzeFlags {
  std::string directory, format = "table";
  bool all = false;
};

ExitCode analyze_command(const AnalyzeFlags& flags) {
  const report::RunSet set = report::load_run_set(flags.directory);
  const auto variants = report::variant_results(set);
  report::write_batch_reports(set);
  const std::filesystem::path written = set.directory / "REPORT.md";
  if (flags.format == "json") {
    const nlohmann::ordered_json j{
        {"name", set.name}, {"report", written.string()}, {"variants", report::statistics_json(variants)}};
    std::printf("%s\n", j.dump(2).c_str());
    return ExitCode::ok;
  }
  std::fputs(report::render_table(report::tradeoff_table(variants)).c_str(), stdout);
  for (const report::TextTable& t : {report::flow_table(variants), report::hop_table(variants)})
    if (!t.rows.empty()) std::fputs(report::render_table(t).c_str(), stdout);
  if (flags.all) std::fputs(report::render_table(report::statistics_table(variants)).c_str(), stdout);
  std::printf("✅ Report generated: %s (and report.html)\n", written.c_str());
  return ExitCode::ok;
}

}  // namespace

void add_analyze(CLI::App& app, Body& body) {
  auto flags = std::make_shared<AnalyzeFlags>();
  CLI::App* c =
      app.add_subcommand("analyze", "Statistics of a run or a batch; writes REPORT.md and report.html");
  c->add_option("results", flags->directory,
                "Folder of a run, of a scenario's runs (the latest) or of a batch")
      ->required();
  c->add_flag("--all", flags->all, "Print every figure with mean, standard deviation and 95 % interval");
  add_format(*c, flags->format);
  c->footer("Example:  xedgesim analyze results/vibration-monitoring");
  c->callback([&body, flags] { body = [flags] { return analyze_command(*flags); }; });
}

}  // namespace xedgesim::cli
