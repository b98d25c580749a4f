#include "cli/batch_session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "cli/interrupt.h"
#include "experiment/batch_runner.h"
#include "metrics/run_directory.h"
#include "report/batch_progress.h"
#include "system/machine_images.h"

namespace xedgesim::cli {
namespace {

/// The shipped scenario that a bare mix of devices (seed 8.6) runs.
constexpr const char* kScaleScenario = "scenarios/scale-100/scenario.yaml";

/// What sets the counts of `scenario` to a mix: the first group of emulated boards and the first of models. A
/// group of none is taken out after that, the last first, so that the others keep their places till then.
std::vector<std::string> mix_overrides(const scenario::Scenario& scenario, const scenario::DeviceMix& mix) {
  std::vector<std::string> overrides;
  std::vector<size_t> unwanted;
  using Type = scenario::Device::Type;
  const auto set = [&](Type type, int64_t count, const char* what) {
    for (size_t i = 0; i < scenario.devices.size(); ++i) {
      const Type here = scenario.devices[i].type;
      if ((here == Type::renode ? Type::mcu : here) != type) continue;
      if (count > 0)
        overrides.push_back(fmt::format("devices[{}].count={}", i, count));
      else
        unwanted.push_back(i);
      return;
    }
    if (count > 0)
      throw ConfigError(
          fmt::format("the scenario has no group of {}, but the batch asks for {} of them", what, count));
  };
  set(Type::mcu, mix.emulated, "emulated boards (type mcu)");
  set(Type::model, mix.models, "models (type model)");
  std::ranges::sort(unwanted, std::ranges::greater());
  for (const size_t i : unwanted) overrides.push_back(fmt::format("devices[{}]=", i));
  return overrides;
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

}  // namespace

experiment::RunRecord RunPlanner::plan(const scenario::BatchRun& run) {
  experiment::RunRecord r;
  r.name = run.name;
  r.variant = run.variant;
  r.scenario = run.scenario.string();
  r.overrides = run.overrides;
  r.overrides.insert(r.overrides.end(), common_.overrides.begin(), common_.overrides.end());
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
    system::add_image_files(loaded.scenario, loaded.files);
    r.key = experiment::run_inputs(loaded.scenario, loaded.files, installation_.platforms, {kVersion, kSelf},
                                   digests_)
                .key;
  } catch (const ConfigError& e) {
    r.status = experiment::RunStatus::config_error;
    r.exit_code = static_cast<int>(ExitCode::config_error);
    r.reason = e.what();
  }
  return r;
}

scenario::LoadResult RunPlanner::load(const experiment::RunRecord& r) const {
  CommonOptions options = common_;
  options.overrides = r.overrides;
  scenario::LoadResult loaded = scenario::load_scenario(r.scenario, load_options(options, installation_));
  if (loaded.ok()) return loaded;
  std::string text = loaded.errors.front().text();
  if (loaded.errors.size() > 1) text += fmt::format(" (and {} more)", loaded.errors.size() - 1);
  throw ConfigError(text);
}

std::filesystem::path batch_folder(const BatchFlags& flags, const std::filesystem::path& usual) {
  const std::filesystem::path directory = flags.output.empty() ? usual : std::filesystem::path(flags.output);
  create_folder(directory);
  return directory;
}

struct BatchSession::State {
  const BatchFlags& flags;
  experiment::BatchRecord& record;
  experiment::BatchOptions options;
  report::BatchProgress progress;

  void save() const {
    experiment::replace_file(options.directory / "batch.json", record.json().dump(2) + "\n");
  }
};

BatchSession::BatchSession(const BatchFlags& flags, const Installation& installation,
                           experiment::BatchRecord& record, std::filesystem::path directory,
                           std::optional<int64_t> parallel) {
  std::FILE* const out = flags.common.format == "json" ? stderr : stdout;
  experiment::BatchOptions options;
  options.program = installation.executable;
  options.directory = std::move(directory);
  if (!flags.common.platforms.empty())
    options.run_arguments = {"--platforms", std::filesystem::absolute(flags.common.platforms).string()};
  options.run_arguments.insert(options.run_arguments.end(), {"--format", "table", "--threads", "1"});
  const size_t processors = std::max(1u, std::thread::hardware_concurrency());
  options.parallel =
      flags.parallel > 0 ? flags.parallel : static_cast<size_t>(parallel.value_or(int64_t(processors)));
  options.timeout_s = flags.timeout_s;
  options.force = flags.force;
  options.clock = wall_clock_ns;
  options.stop = &watch_interrupts();
  state_.reset(new State{flags, record, std::move(options), {out, isatty(fileno(out)) != 0, wall_clock_ns}});
  state_->options.tick = [s = state_.get()](const auto& runs) {
    if (!s->flags.quiet) s->progress.tick(runs);
  };
  state_->options.finished = [s = state_.get()](const auto& runs, size_t i) {
    if (!s->flags.quiet) s->progress.finished(runs, i);
    s->save();
  };
}

BatchSession::~BatchSession() = default;

void BatchSession::run(std::vector<experiment::RunRecord>& runs) {
  if (!state_->flags.quiet)
    state_->progress.log(fmt::format("Batch {}: {} runs, {} at a time, results in {}", state_->record.name,
                                     runs.size(), state_->options.parallel,
                                     state_->options.directory.string()));
  state_->save();
  experiment::run_batch(runs, state_->options);
}

void BatchSession::end() {
  state_->save();
  const auto& runs = state_->record.runs;
  // Figures of an earlier batch in this folder would stand in the new one's report.
  if (std::any_of(runs.begin(), runs.end(), [](const auto& r) { return !r.reused; }))
    metrics::remove_figures(state_->options.directory);
  state_->progress.clear();
}

bool BatchSession::interrupted() const { return state_->options.stop->load(); }

void add_batch_options(CLI::App& command, BatchFlags& flags) {
  command.add_option("-o,--output", flags.output, "Folder of the runs instead of results/<name>")
      ->envname("XEDGESIM_BATCH_OUTPUT");
  command.add_option("--results", flags.results, "Folder of all results")
      ->envname("XEDGESIM_RESULTS")
      ->capture_default_str();
  command
      .add_option("-j,--parallel", flags.parallel,
                  "Runs at the same time; absent: as the file says, else one a processor")
      ->check(CLI::Range(1, 10'000))
      ->envname("XEDGESIM_PARALLEL");
  command
      .add_option("--timeout", flags.timeout_s, "End a run that takes longer than so many seconds; 0: never")
      ->check(CLI::Range(0.0, 1e9))
      ->envname("XEDGESIM_TIMEOUT");
  command.add_flag("--force", flags.force, "Repeat also runs that are finished with the same inputs")
      ->envname("XEDGESIM_FORCE");
  command.add_flag("--dry-run", flags.dry_run, "List the runs and their errors without running them");
  command.add_flag("-q,--quiet", flags.quiet, "No progress")->envname("XEDGESIM_QUIET");
  add_overrides(command, flags.common);
  add_common(command, flags.common);
}

}  // namespace xedgesim::cli
