#include "system/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

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

/// Runs to the end, or to the stop request. False when stopped.
bool run_to_end(System& system, Trace* trace, RunControl* control, const RunOptions& options, SimTime end) {
  sim::Scheduler& scheduler = system.scheduler();
  for (SimTime t; t < end;) {
    if (options.stop && options.stop->load(std::memory_order_relaxed)) return false;
    if (control && !control->between_steps(options.stop)) return false;
    t = std::min(end, t + kStep);
    if (!(options.pacer ? options.pacer->run_until(t) : scheduler.run_until(t))) return false;
    if (trace) trace->drain();
    if (options.progress) options.progress(t);
  }
  return true;
}

}  // namespace

RunOutcome run_scenario(const scenario::Scenario& scenario, const RunOptions& options) {
  const auto say = [&](const std::string& text) {
    if (options.log) options.log(text);
  };
  if (on_wall_clock(scenario) && !options.pacer)
    refuse_at(scenario, "scenario.clock", "wall: this run has nobody who keeps the time");
  System system(scenario, {.platforms = options.platforms,
                           .threads = options.threads,
                           .engine = options.engine,
                           .vm_plugin = options.vm_plugin});
  schedule_faults(system);
  check_network_names(system);
  const auto assertions = metric_assertions(scenario);
  experiment::ConsoleWatcher watcher(console_expectations(scenario), console_names(system));

  metrics::RunDirectory directory(options.directory);
  directory.replace("scenario.resolved.yaml", scenario::dump_resolved(scenario));
  if (!options.inputs.is_null()) directory.replace("inputs.json", options.inputs.dump(2) + "\n");
  const metrics::CollectorOptions collected = collector_options(system, assertions);
  metrics::Collector collector(directory, collected);
  Observer observer(system, directory, collector, watcher,
                    {.interval = scenario.metrics.collection_interval,
                     .seed_energy = scenario.metrics.energy == scenario::Metrics::Energy::seed,
                     .console_limit = scenario.metrics.console_limit});
  EthernetObserver ethernet(system, directory, collected.formats);
  observer.on_collect.connect([&](SimTime t) { ethernet.collect(t); });
  metrics::MetricMap metric_map(collector);
  metric_map.add(ethernet.source());
  experiment::check_metrics_exist(assertions, metric_map);
  if (options.print_consoles)
    observer.on_line.connect([&](const std::string& node, SimTime t, std::string_view text) {
      say(fmt::format("{:>14.6f}  {:<12} {}", t.count_s(), node, text));
    });
  Capture capture(system, directory.path());

  std::unique_ptr<Trace> trace;
  if (scenario.metrics.trace) trace = std::make_unique<Trace>(system, directory, collector);

  std::unique_ptr<metrics::DeliveryTrace> deliveries;
  if (scenario.metrics.deliveries) {
    deliveries = std::make_unique<metrics::DeliveryTrace>(directory.path() / "deliveries.bin",
                                                          participant_names(system));
    system.scheduler().on_delivery.connect([&](const sim::Event& e) { deliveries->add(e); });
  }

  std::unique_ptr<RunControl> control;
  if (options.control)
    control = std::make_unique<RunControl>(system, *options.control, directory.path(), options.paused);

  if (options.begun) options.begun(system, directory.path());

  RunOutcome outcome{.directory = directory.path()};
  const SimTime end = SimTime::at(scenario.meta.duration);
  metrics::RunInfo info;
  info.scenario = scenario.meta.name;
  info.description = scenario.meta.description;
  info.requested_duration = scenario.meta.duration;
  info.seed = scenario.meta.seed;
  info.version = options.version;
  const auto fail = [&](const std::string& reason) {
    if (outcome.code != ExitCode::ok && outcome.code != ExitCode::interrupted) return;
    outcome.code = ExitCode::simulation_error;
    outcome.reason = info.reason = reason;
    info.status = "failed";
  };
  try {
    system.connect_programs(directory.path());
    if (options.pacer) options.pacer->connect(system, directory.path());
  } catch (const SimulationError& e) {  // a ConfigError is the caller's: the run has not begun
    fail(e.what());
  }
  try {
    if (outcome.code == ExitCode::ok && !run_to_end(system, trace.get(), control.get(), options, end)) {
      outcome.code = ExitCode::interrupted;
      outcome.reason = info.reason = fmt::format("interrupted at {}", to_string(system.scheduler().now()));
      info.status = "interrupted";
    }
  } catch (const Error& e) {
    fail(e.what());
  }
  if (options.pacer) options.pacer->shut_down();
  system.shut_down_programs(info.status == "completed" ? "end" : info.status);
  const SimTime reached = system.scheduler().now();
  const metrics::HostInfo host = options.host ? options.host() : metrics::HostInfo{};
  info.duration = reached.since_start();
  info.digest = system.scheduler().digest();
  try {
    observer.finish(reached);
    if (trace) trace->finish(reached);
    capture.finish();
    if (deliveries) deliveries->flush();
  } catch (const Error& e) {
    fail(e.what());
  }

  metrics::Json verdicts = nullptr;
  if (outcome.code == ExitCode::ok) {
    auto results = experiment::evaluate(assertions, metric_map);
    const auto lines = watcher.results();
    results.insert(results.end(), lines.begin(), lines.end());
    for (const auto& r : results) say(r.line);
    verdicts = experiment::to_json(results);
    if (!experiment::all_passed(results)) {
      outcome.code = ExitCode::assertion_failed;
      outcome.reason = "an assertion failed";
    }
  }
  outcome.summary = metrics::build_summary(collector, metric_map, info, host, verdicts);
  outcome.summary["host"]["events"] = system.scheduler().statistics().events;
  ethernet.add_to(outcome.summary);
  observer.add_to(outcome.summary);
  if (options.pacer) {
    outcome.summary["clock"] = "wall";
    outcome.summary["host"]["lateness_s"] = options.pacer->lateness().count_s();
  }
  try {
    metrics::write_summary(directory, outcome.summary);
  } catch (const Error& e) {
    fail(e.what());
  }
  return outcome;
}

void check_runnable(const scenario::Scenario& scenario, const std::filesystem::path& platforms) {
  System system(scenario, {.platforms = platforms, .vm_plugin = {}});
  schedule_faults(system);
  check_network_names(system);
  if (on_wall_clock(scenario)) lan_configs(system.scenario());
}

}  // namespace xedgesim::system
