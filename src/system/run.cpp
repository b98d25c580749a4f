#include "system/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "experiment/assertions.h"
#include "experiment/console_watcher.h"
#include "metrics/delivery_trace.h"
#include "metrics/metric_map.h"
#include "scenario/load.h"
#include "system/assertions.h"
#include "system/capture.h"
#include "system/ethernet_observer.h"
#include "system/lan_config.h"
#include "system/located.h"
#include "system/observer.h"
#include "system/pacer.h"
#include "system/run_control.h"
#include "system/system.h"
#include "system/trace.h"

namespace xedgesim::system {
namespace {

constexpr Duration kStep = Duration::ms(50);  // between two looks at the stop flag and two progress reports

/// Everything with a console: devices, then machines.
std::vector<std::string> console_names(System& system) {
  std::vector<std::string> ids;
  for (const DeviceNode& d : system.devices()) ids.push_back(d.id);
  for (const MachineNode& m : system.ethernet().machines()) ids.push_back(m.id);
  return ids;
}

std::vector<std::string> participant_names(System& system) {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < system.scheduler().size(); ++i)
    names.push_back(system.scheduler().name(sim::ParticipantId{i}));
  return names;
}

metrics::CollectorOptions collector_options(System& system,
                                            const std::vector<experiment::Assertion>& assertions) {
  const scenario::Scenario& s = system.scenario();
  metrics::CollectorOptions o;
  const auto has = [&](scenario::Metrics::Format f) {
    return std::find(s.metrics.formats.begin(), s.metrics.formats.end(), f) != s.metrics.formats.end();
  };
  o.formats = {.csv = has(scenario::Metrics::Format::csv), .json = has(scenario::Metrics::Format::json)};
  o.selection = metrics::selection_from(s.metrics.collect);
  o.classes = system.classes();
  if (system.cloud()) o.final_stage = metrics::Stage::cloud_answer;
  for (const auto& a : assertions)
    if (!a.scope.time.whole_run()) o.ranges.push_back(a.scope.time);
  return o;
}

std::unique_ptr<System> build_system(const scenario::Scenario& scenario, const SystemOptions& options) {
  auto system = std::make_unique<System>(scenario, options);
  schedule_faults(*system);
  check_metric_names(*system);
  return system;
}

/// One run, from the built system to its summary. What goes wrong before play() is an exception; from there
/// on it is an outcome, so that the results up to then are kept.
class Run {
 public:
  Run(const scenario::Scenario& scenario, const RunOptions& options)
      : scenario_(scenario),
        options_(options),
        system_(build_system(scenario, {.platforms = options.platforms,
                                        .threads = options.threads,
                                        .engine = options.engine,
                                        .vm_plugin = options.vm_plugin,
                                        .vm_snapshots = options.vm_snapshots,
                                        .log = options.log})),
        assertions_(metric_assertions(scenario)),
        watcher_(console_expectations(scenario), console_names(*system_)),
        directory_(options.directory),
        collected_(collector_options(*system_, assertions_)),
        collector_(directory_, collected_),
        observer_(*system_, directory_, collector_, watcher_,
                  {.interval = scenario.metrics.collection_interval,
                   .seed_energy = scenario.metrics.energy == scenario::Metrics::Energy::seed,
                   .console_limit = scenario.metrics.console_limit}),
        ethernet_(*system_, directory_, collected_.formats),
        metric_map_(collector_) {
    directory_.replace("scenario.resolved.yaml", scenario::dump_resolved(scenario));
    if (!options.inputs.is_null()) directory_.replace("inputs.json", options.inputs.dump(2) + "\n");
    observer_.on_collect.connect([this](SimTime t) { ethernet_.collect(t); });
    metric_map_.add(ethernet_.source());
    experiment::check_metrics_exist(assertions_, metric_map_);
    record_on_request();
    outcome_.directory = directory_.path();
    info_.scenario = scenario.meta.name;
    info_.description = scenario.meta.description;
    info_.requested_duration = scenario.meta.duration;
    info_.seed = scenario.meta.seed;
    info_.version = options.version;
  }

  RunOutcome play() {
    if (options_.begun) options_.begun(*system_, directory_.path());
    connect();
    run();
    close();
    summarize(judge());
    return std::move(outcome_);
  }

 private:
  /// What the scenario or the command line asks for beside the tables.
  void record_on_request() {
    if (options_.print_consoles)
      observer_.on_line.connect([this](const std::string& node, SimTime t, std::string_view text) {
        say(fmt::format("{:>14.6f}  {:<12} {}", t.count_s(), node, text));
      });
    capture_.emplace(*system_, directory_.path());
    if (scenario_.metrics.trace) trace_.emplace(*system_, directory_, collector_);
    if (scenario_.metrics.deliveries) {
      deliveries_.emplace(directory_.path() / "deliveries.bin", participant_names(*system_));
      system_->scheduler().on_delivery.connect([this](const sim::Event& e) { deliveries_->add(e); });
    }
    if (options_.control) control_.emplace(*system_, *options_.control, directory_.path(), options_.paused);
  }

  void say(const std::string& text) {
    if (options_.log) options_.log(text);
  }

  /// The first failure counts; one after an interrupt does, too.
  void fail(const std::string& reason) {
    if (outcome_.code != ExitCode::ok && outcome_.code != ExitCode::interrupted) return;
    outcome_.code = ExitCode::simulation_error;
    outcome_.reason = info_.reason = reason;
    info_.status = "failed";
  }

  void connect() {
    try {
      system_->connect_programs(directory_.path());
      if (options_.pacer) options_.pacer->connect(*system_, directory_.path());
    } catch (const SimulationError& e) {  // a ConfigError is the caller's: the run has not begun
      fail(e.what());
    }
  }

  void run() {
    try {
      if (outcome_.code == ExitCode::ok && !run_to_end()) {
        outcome_.code = ExitCode::interrupted;
        outcome_.reason = info_.reason =
            fmt::format("interrupted at {}", to_string(system_->scheduler().now()));
        info_.status = "interrupted";
      }
    } catch (const Error& e) {
      fail(e.what());
    }
  }

  /// False when stopped.
  bool run_to_end() {
    sim::Scheduler& scheduler = system_->scheduler();
    const SimTime end = SimTime::at(scenario_.meta.duration);
    for (SimTime t; t < end;) {
      if (options_.stop && options_.stop->load(std::memory_order_relaxed)) return false;
      if (control_ && !control_->between_steps(options_.stop)) return false;
      t = std::min(end, t + kStep);
      if (!(options_.pacer ? options_.pacer->run_until(t) : scheduler.run_until(t))) return false;
      if (trace_) trace_->drain();
      if (options_.progress) options_.progress(t);
    }
    return true;
  }

  /// Everything that runs beside us ends, and everything recorded is written.
  void close() {
    if (options_.pacer) options_.pacer->shut_down();
    system_->shut_down_programs(info_.status == "completed" ? "end" : info_.status);
    const SimTime reached = system_->scheduler().now();
    if (options_.host) host_ = options_.host();
    info_.duration = reached.since_start();
    info_.digest = system_->scheduler().digest();
    try {
      observer_.finish(reached);
      if (trace_) trace_->finish(reached);
      capture_->finish();
      if (deliveries_) deliveries_->flush();
    } catch (const Error& e) {
      fail(e.what());
    }
  }

  /// The verdicts on the assertions; null when the run did not come to its end.
  metrics::Json judge() {
    if (outcome_.code != ExitCode::ok) return nullptr;
    auto results = experiment::evaluate(assertions_, metric_map_);
    const auto lines = watcher_.results();
    results.insert(results.end(), lines.begin(), lines.end());
    for (const auto& r : results) say(r.line);
    if (!experiment::all_passed(results)) {
      outcome_.code = ExitCode::assertion_failed;
      outcome_.reason = "an assertion failed";
    }
    return experiment::to_json(results);
  }

  void summarize(const metrics::Json& verdicts) {
    metrics::Json& summary = outcome_.summary;
    summary = metrics::build_summary(collector_, metric_map_, info_, host_, verdicts);
    summary["host"]["events"] = system_->scheduler().statistics().events;
    ethernet_.add_to(summary);
    observer_.add_to(summary);
    if (options_.pacer) {
      summary["clock"] = "wall";
      summary["host"]["lateness_s"] = options_.pacer->lateness().count_s();
    }
    try {
      metrics::write_summary(directory_, summary);
    } catch (const Error& e) {
      fail(e.what());
    }
  }

  const scenario::Scenario& scenario_;
  const RunOptions& options_;
  std::unique_ptr<System> system_;
  std::vector<experiment::Assertion> assertions_;
  experiment::ConsoleWatcher watcher_;
  metrics::RunDirectory directory_;
  metrics::CollectorOptions collected_;
  metrics::Collector collector_;
  Observer observer_;
  EthernetObserver ethernet_;
  metrics::MetricMap metric_map_;
  std::optional<Capture> capture_;
  std::optional<Trace> trace_;
  std::optional<metrics::DeliveryTrace> deliveries_;
  std::optional<RunControl> control_;
  metrics::RunInfo info_;
  metrics::HostInfo host_;
  RunOutcome outcome_;
};

}  // namespace

RunOutcome run_scenario(const scenario::Scenario& scenario, const RunOptions& options) {
  if (on_wall_clock(scenario) && !options.pacer)
    refuse_at(scenario, "scenario.clock", "wall: this run has nobody who keeps the time");
  return Run(scenario, options).play();
}

void check_runnable(const scenario::Scenario& scenario, const std::filesystem::path& platforms) {
  const auto system = build_system(scenario, {.platforms = platforms, .vm_plugin = {}});
  if (on_wall_clock(scenario)) lan_configs(system->scenario());
}

}  // namespace xedgesim::system
