#include <fmt/format.h>

#include <cstdio>

#include "cli/batch_session.h"
#include "cli/command.h"
#include "metrics/run_directory.h"
#include "report/batch_progress.h"
#include "report/batch_report.h"
#include "report/comparison.h"
#include "report/text_table.h"
#include "scenario/batch.h"

namespace xedgesim::cli {
namespace {

scenario::Batch load_batch_or_throw(const BatchFlags& flags, const Installation& installation) {
  CommonOptions own = flags.common;
  own.overrides.clear();  // --set is for the runs
  const scenario::BatchResult loaded = scenario::load_batch(flags.file, load_options(own, installation));
  for (const auto& w : loaded.warnings) std::fprintf(stderr, "warning: %s\n", w.text().c_str());
  if (!loaded.ok()) {
    std::string text;
    for (const auto& e : loaded.errors) text += (text.empty() ? "" : "\n") + e.text();
    throw ConfigError(text);
  }
  if (loaded.batch.executor == scenario::Batch::Executor::slurm)
    throw ConfigError(
        fmt::format("{}: batch.executor: this version runs batches on this host only: write "
                    "'executor: local' or remove the key",
                    flags.file));
  return loaded.batch;
}

report::TextTable run_table(const experiment::BatchRecord& batch) {
  report::TextTable t{.header = {"run", "seed", "outcome"}, .right = {false, true, false}};
  for (const auto& r : batch.runs) t.rows.push_back({r.name, r.seed, report::outcome_text(r)});
  return t;
}

/// Equal runs have equal digests; `set` has the runs of `batch` in their order.
report::TextTable run_table(const experiment::BatchRecord& batch, const report::RunSet& set) {
  report::TextTable t = run_table(batch);
  t.header.insert(t.header.end(), {"time", "digest"});
  t.right.insert(t.right.end(), {true, false});
  for (size_t i = 0; i < t.rows.size(); ++i) {
    t.rows[i].push_back(fmt::format("{:.1f} s", batch.runs[i].wall_s));
    t.rows[i].push_back(i < set.runs.size() ? set.runs[i].summary.value("digest", "-") : "-");
  }
  return t;
}

ExitCode batch_command(const BatchFlags& flags) {
  const bool json = flags.common.format == "json";
  const Installation installation = find_installation(flags.common.platforms);
  const scenario::Batch batch = load_batch_or_throw(flags, installation);

  experiment::BatchRecord record{.name = batch.name, .file = flags.file, .runs = {}};
  RunPlanner planner(flags.common, installation);
  for (const scenario::BatchRun& run : scenario::expand_batch(batch))
    record.runs.push_back(planner.plan(run));
  if (flags.dry_run) {
    if (json)
      std::printf("%s\n", record.json().dump(2).c_str());
    else
      std::fputs(report::render_table(run_table(record)).c_str(), stdout);
    return experiment::worst(record.runs) == ExitCode::config_error ? ExitCode::config_error : ExitCode::ok;
  }

  const std::filesystem::path directory =
      batch_folder(flags, batch.output_dir.empty() ? metrics::default_scenario_dir(flags.results, batch.name)
                                                   : std::filesystem::path(batch.output_dir));
  std::error_code none;
  std::filesystem::remove(directory / "search.json", none);  // of another batch in this folder
  BatchSession session(flags, installation, record, directory, batch.parallel);
  session.run(record.runs);
  session.end();

  const report::RunSet set = report::load_run_set(directory);
  report::write_batch_reports(set);
  const auto variants = report::variant_results(set);
  if (json) {
    nlohmann::ordered_json j = record.json();
    j["directory"] = directory.string();
    j["variants"] = report::statistics_json(variants);
    std::printf("%s\n", j.dump(2).c_str());
  } else {
    std::fputs(report::render_table(run_table(record, set)).c_str(), stdout);
    std::fputs(report::render_table(report::tradeoff_table(variants)).c_str(), stdout);
    if (const auto flows = report::flow_table(variants); !flows.rows.empty())
      std::fputs(report::render_table(flows).c_str(), stdout);
    std::printf("Results: %s (report.html, SUMMARY.md, REPORT.md)\n", directory.c_str());
  }
  return session.interrupted() ? ExitCode::interrupted : experiment::worst(record.runs);
}

}  // namespace

void add_batch(CLI::App& app, Body& body) {
  auto flags = std::make_shared<BatchFlags>();
  CLI::App* c = app.add_subcommand("batch", "Run many scenarios, or one with many values and seeds");
  c->add_option("batch", flags->file, "Batch file")->required();
  add_batch_options(*c, *flags);
  c->footer("Example:  xedgesim batch scenarios/seed-sweep/batch.yaml --set scenario.duration=5s");
  c->callback([&body, flags] { body = [flags] { return batch_command(*flags); }; });
}

}  // namespace xedgesim::cli
