#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "cli/command.h"
#include "cli/interrupt.h"
#include "experiment/batch_runner.h"
#include "experiment/inputs.h"
#include "metrics/run_directory.h"
#include "report/batch_progress.h"
#include "report/batch_report.h"
#include "report/comparison.h"
#include "report/text_table.h"
#include "scenario/batch.h"

namespace xedgesim::cli {
namespace {

struct BatchFlags {
  CommonOptions common;
  std::string file, output;
  std::string results = "results";
  size_t parallel = 0;
  double timeout_s = 0;
  bool force = false, dry_run = false, quiet = false;
};

/// The shipped scenario that a bare mix of devices (seed 8.6) runs.
constexpr const char* kScaleScenario = "scenarios/scale-100/scenario.yaml";

/// What sets the counts of `scenario` to a mix: the first group of emulated boards and the first of models.
std::vector<std::string> mix_overrides(const scenario::Scenario& scenario, const scenario::DeviceMix& mix) {
  std::vector<std::string> overrides;
  using Type = scenario::Device::Type;
  const auto set = [&](Type type, int64_t count, const char* what) {
    for (size_t i = 0; i < scenario.devices.size(); ++i) {
      const Type here = scenario.devices[i].type;
      if ((here == Type::renode ? Type::mcu : here) != type) continue;
      overrides.push_back(fmt::format("devices[{}].count={}", i, count));
      return;
    }
    if (count > 0)
      throw ConfigError(
          fmt::format("the scenario has no group of {}, but the batch asks for {} of them", what, count));
  };
  set(Type::mcu, mix.emulated, "emulated boards (type mcu)");
  set(Type::model, mix.models, "models (type model)");
  return overrides;
}

class Planner {
 public:
  Planner(const BatchFlags& flags, const Installation& installation)
      : flags_(flags), installation_(installation) {}

  experiment::RunRecord plan(const scenario::BatchRun& run) {
    experiment::RunRecord r;
    r.name = run.name;
    r.variant = run.variant;
    r.scenario = run.scenario.string();
    r.overrides = run.overrides;
    r.overrides.insert(r.overrides.end(), flags_.common.overrides.begin(), flags_.common.overrides.end());
    r.parameters = run.parameters;
    r.seed = run.seed;
    try {
      if (run.scenario.empty()) r.scenario = (installation_.root / kScaleScenario).string();
      scenario::LoadResult loaded = load(r);
      if (run.devices) {
        const auto counts = mix_overrides(loaded.scenario, *run.devices);
        r.overrides.insert(r.overrides.begin(), counts.begin(), counts.end());
        loaded = load(r);
      }
      if (r.seed.empty()) r.seed = fmt::format("{}", loaded.scenario.meta.seed);
      r.key = experiment::run_inputs(loaded.scenario, loaded.files, installation_.platforms,
                                     {kVersion, kSelf}, digests_)
                  .key;
    } catch (const ConfigError& e) {
      r.status = experiment::RunStatus::config_error;
      r.exit_code = static_cast<int>(ExitCode::config_error);
      r.reason = e.what();
    }
    return r;
  }

 private:
  scenario::LoadResult load(const experiment::RunRecord& r) const {
    CommonOptions options = flags_.common;
    options.overrides = r.overrides;
    scenario::LoadResult loaded = scenario::load_scenario(r.scenario, load_options(options, installation_));
    if (loaded.ok()) return loaded;
    std::string text = loaded.errors.front().text();
    if (loaded.errors.size() > 1) text += fmt::format(" (and {} more)", loaded.errors.size() - 1);
    throw ConfigError(text);
  }

  const BatchFlags& flags_;
  const Installation& installation_;
  experiment::FileDigests digests_;
};

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
  report::TextTable t{.header = {"run", "seed", "outcome", "time"}, .right = {false, true, false, true}};
  for (const auto& r : batch.runs)
    t.rows.push_back({r.name, r.seed, report::outcome_text(r), fmt::format("{:.1f} s", r.wall_s)});
  return t;
}

void create_folder(const std::filesystem::path& directory) {
  std::error_code ec;
  std::filesystem::create_directories(directory, ec);
  if (ec || !std::filesystem::is_directory(directory))
    throw ConfigError(
        fmt::format("cannot create the folder '{}': choose another one with --output", directory.string()));
  if (!std::filesystem::is_empty(directory, ec) && !std::filesystem::exists(directory / "batch.json"))
    throw ConfigError(
        fmt::format("the folder '{}' is not empty and holds no batch: empty it or choose another "
                    "--output",
                    directory.string()));
}

ExitCode batch_command(const BatchFlags& flags) {
  const bool json = flags.common.format == "json";
  std::FILE* const out = json ? stderr : stdout;
  const Installation installation = find_installation(flags.common.platforms);
  const scenario::Batch batch = load_batch_or_throw(flags, installation);

  experiment::BatchRecord record{.name = batch.name, .file = flags.file, .runs = {}};
  Planner planner(flags, installation);
  for (const scenario::BatchRun& run : scenario::expand_batch(batch))
    record.runs.push_back(planner.plan(run));
  if (flags.dry_run) {
    if (json)
      std::printf("%s\n", record.json().dump(2).c_str());
    else
      std::fputs(report::render_table(run_table(record)).c_str(), stdout);
    return experiment::worst(record.runs) == ExitCode::config_error ? ExitCode::config_error : ExitCode::ok;
  }

  experiment::BatchOptions options;
  options.program = installation.executable;
  options.directory = !flags.output.empty()      ? std::filesystem::path(flags.output)
                      : batch.output_dir.empty() ? metrics::default_scenario_dir(flags.results, batch.name)
                                                 : std::filesystem::path(batch.output_dir);
  create_folder(options.directory);
  if (!flags.common.platforms.empty())
    options.run_arguments = {"--platforms", std::filesystem::absolute(flags.common.platforms).string()};
  options.run_arguments.insert(options.run_arguments.end(), {"--format", "table", "--threads", "1"});
  const size_t processors = std::max(1u, std::thread::hardware_concurrency());
  options.parallel =
      flags.parallel > 0 ? flags.parallel : static_cast<size_t>(batch.parallel.value_or(int64_t(processors)));
  options.timeout_s = flags.timeout_s;
  options.force = flags.force;
  options.clock = wall_clock_ns;
  report::BatchProgress progress(out, isatty(fileno(out)) != 0, wall_clock_ns);
  options.tick = [&](const auto& runs) {
    if (!flags.quiet) progress.tick(runs);
  };
  const auto save = [&] {
    experiment::replace_file(options.directory / "batch.json", record.json().dump(2) + "\n");
  };
  options.finished = [&](const auto& runs, size_t i) {
    if (!flags.quiet) progress.finished(runs, i);
    save();
  };
  options.stop = &watch_interrupts();
  if (!flags.quiet)
    progress.log(fmt::format("Batch {}: {} runs, {} at a time, results in {}", batch.name, record.runs.size(),
                             options.parallel, options.directory.string()));
  save();
  experiment::run_batch(record.runs, options);
  save();
  progress.clear();

  const report::RunSet set = report::load_run_set(options.directory);
  report::write_batch_reports(set);
  const auto variants = report::variant_results(set);
  if (json) {
    nlohmann::ordered_json j = record.json();
    j["directory"] = options.directory.string();
    j["variants"] = report::statistics_json(variants);
    std::printf("%s\n", j.dump(2).c_str());
  } else {
    std::fputs(report::render_table(run_table(record)).c_str(), stdout);
    std::fputs(report::render_table(report::tradeoff_table(variants)).c_str(), stdout);
    std::printf("Results: %s (report.html, SUMMARY.md, REPORT.md)\n", options.directory.c_str());
  }
  return options.stop->load() ? ExitCode::interrupted : experiment::worst(record.runs);
}

}  // namespace

void add_batch(CLI::App& app, Body& body) {
  auto flags = std::make_shared<BatchFlags>();
  CLI::App* c = app.add_subcommand("batch", "Run many scenarios, or one with many values and seeds");
  c->add_option("batch", flags->file, "Batch file")->required();
  c->add_option("-o,--output", flags->output, "Folder of the batch instead of results/<name>")
      ->envname("XEDGESIM_BATCH_OUTPUT");
  c->add_option("--results", flags->results, "Folder of all results")
      ->envname("XEDGESIM_RESULTS")
      ->capture_default_str();
  c->add_option("-j,--parallel", flags->parallel,
                "Runs at the same time; absent: as the file says, else one a processor")
      ->check(CLI::Range(1, 10'000))
      ->envname("XEDGESIM_PARALLEL");
  c->add_option("--timeout", flags->timeout_s, "End a run that takes longer than so many seconds; 0: never")
      ->check(CLI::Range(0.0, 1e9))
      ->envname("XEDGESIM_TIMEOUT");
  c->add_flag("--force", flags->force, "Repeat also runs that are finished with the same inputs")
      ->envname("XEDGESIM_FORCE");
  c->add_flag("--dry-run", flags->dry_run, "List the runs and their errors without running them");
  c->add_flag("-q,--quiet", flags->quiet, "No progress")->envname("XEDGESIM_QUIET");
  add_overrides(*c, flags->common);
  add_common(*c, flags->common);
  c->footer("Example:  xedgesim batch scenarios/seed-sweep/batch.yaml --set scenario.duration=5s");
  c->callback([&body, flags] { body = [flags] { return batch_command(*flags); }; });
}

}  // namespace xedgesim::cli
