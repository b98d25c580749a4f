#include "metrics/summary.h"

#include <algorithm>
#include <array>
#include <functional>

#include "base/error.h"

namespace xedgesim::metrics {
namespace {

Json number(std::optional<double> v) { return v ? Json(*v) : Json(nullptr); }

Json fraction(int64_t some, int64_t all) {
  return all == 0 ? Json(nullptr) : Json(static_cast<double>(some) / static_cast<double>(all));
}

Json latency_json(const LatencySet& set) {
  const auto s = set.stats();
  if (!s) return {{"count", 0}};
  return {{"count", s->count},
          {"mean_ms", milliseconds(s->mean)},
          {"min_ms", milliseconds(s->min)},
          {"p50_ms", milliseconds(s->p50)},
          {"p95_ms", milliseconds(s->p95)},
          {"p99_ms", milliseconds(s->p99)},
          {"max_ms", milliseconds(s->max)}};
}

Json energy_json(const std::vector<CauseEnergy>& causes) {
  Json j = Json::object();
  for (const CauseEnergy& c : causes) j[c.cause] = millijoules(c.nanojoules);
  return j;
}

void add_latency(Json& j, const LatencySet& set) {
  constexpr std::array names{"avg", "min", "p50", "p95", "p99", "max"};
  const auto s = set.stats();
  const std::array<Duration, 6> values =
      s ? std::array{s->mean, s->min, s->p50, s->p95, s->p99, s->max} : std::array<Duration, 6>{};
  for (size_t i = 0; i < names.size(); ++i) {
    j[std::string(names[i]) + "_e2e_latency_ms"] = s ? Json(milliseconds(values[i])) : Json(nullptr);
  }
}

Json device_json(const DeviceStatistics& d) {
  Json j;
  j["samples"] = d.samples;
  j["energy_mJ"] = millijoules(d.energy_nanojoules());
  j["tx_packets"] = d.end.tx_packets;
  j["rx_packets"] = d.end.rx_packets;
  j["samples_processed"] = d.processed;
  j["samples_lost"] = d.lost;
  j["samples_in_flight"] = d.in_flight;
  j["packets_sent"] = d.packets_sent;
  j["packets_delivered"] = d.packets_delivered;
  j["packet_delivery_rate"] = fraction(d.packets_delivered, d.packets_sent);
  j["ml_accuracy"] = fraction(d.correct, d.classified);
  add_latency(j, d.e2e);
  j["tx_attempts"] = d.attempts;
  j["tx_bytes"] = d.end.tx_bytes;
  j["rx_bytes"] = d.end.rx_bytes;
  j["cca_busy"] = d.end.cca_busy;
  j["uart_tx_bytes"] = d.end.uart_tx_bytes;
  j["uart_rx_bytes"] = d.end.uart_rx_bytes;
  j["gpio_changes"] = d.end.gpio_changes;
  j["wakeups"] = d.end.wakeups;
  j["cycles"] = d.end.cycles;
  j["instructions"] = d.end.instructions;
  j["active_s"] = seconds(d.end.active);
  j["sleep_s"] = seconds(d.end.asleep);
  j["energy_by_cause_mJ"] = energy_json(d.energy());
  if (d.end.battery_fraction) {
    j["battery_fraction"] = *d.end.battery_fraction;
    j["battery_life_days"] = d.end.battery_life_s ? Json(*d.end.battery_life_s / 86'400) : Json(nullptr);
    j["battery_depleted_at_s"] =
        d.end.depleted_at ? Json(seconds(d.end.depleted_at->since_start())) : Json(nullptr);
  }
  return j;
}

/// What is a count is written as an integer.
Json metric_json(const MetricMap& metrics, const std::string& name, bool count = false) {
  const MetricValue m = metrics.get(name);
  XEDGESIM_ASSERT(m.known);
  if (m.value && count) return static_cast<int64_t>(*m.value);
  return number(m.value);
}

struct SummaryFigure {
  const char* name;
  bool count = false;
};
/// In the order in which they are written.
constexpr SummaryFigure kSummaryFigures[] = {{"total_samples", true},
                                             {"total_energy_mJ"},
                                             {"avg_e2e_latency_ms"},
                                             {"min_e2e_latency_ms"},
                                             {"p50_e2e_latency_ms"},
                                             {"p95_e2e_latency_ms"},
                                             {"p99_e2e_latency_ms"},
                                             {"max_e2e_latency_ms"},
                                             {"avg_age_latency_ms"},
                                             {"ml_accuracy"},
                                             {"ml_accuracy_all_samples"},
                                             {"packet_delivery_rate"},
                                             {"total_packets_sent", true},
                                             {"total_packets_delivered", true},
                                             {"total_packets_dropped", true},
                                             {"samples_processed", true},
                                             {"samples_lost", true},
                                             {"samples_in_flight", true},
                                             {"samples_classified", true},
                                             {"tx_attempts", true},
                                             {"collisions", true},
                                             {"frames_on_air", true},
                                             {"channel_utilization"},
                                             {"system_throughput"},
                                             {"energy_per_sample_mJ"},
                                             {"min_device_energy_mJ"},
                                             {"avg_device_energy_mJ"},
                                             {"max_device_energy_mJ"}};

Json summary_json(const Collector& collector, const MetricMap& metrics) {
  const Statistics& run = *collector.statistics().front();
  LatencySet e2e;
  for (size_t i = 0; i < run.devices(); ++i) e2e.add(run.device(i).e2e);
  Json latency, j;
  add_latency(latency, e2e);
  for (const SummaryFigure& f : kSummaryFigures)
    j[f.name] = latency.contains(f.name) ? latency[f.name] : metric_json(metrics, f.name, f.count);
  return j;
}

/// The matrix's rows: true class, then what was said.
Json rows_json(const Accuracy& accuracy) {
  Json rows = Json::array();
  for (size_t truth = 0; truth < accuracy.classes(); ++truth) {
    Json row = Json::array();
    for (size_t said = 0; said < accuracy.classes(); ++said) row.push_back(accuracy.count(truth, said));
    rows.push_back(row);
  }
  return rows;
}

Json confusion_json(const Accuracy& accuracy) {
  Json j;
  j["classes"] = Json::array();
  j["matrix"] = rows_json(accuracy);
  j["lost"] = Json::array();
  j["precision"] = Json::object();
  j["recall"] = Json::object();
  for (size_t truth = 0; truth < accuracy.classes(); ++truth) {
    j["classes"].push_back(accuracy.name(truth));
    j["lost"].push_back(accuracy.lost_count(truth));
    j["precision"][accuracy.name(truth)] = number(accuracy.precision(truth));
    j["recall"][accuracy.name(truth)] = number(accuracy.recall(truth));
  }
  return j;
}

Json counts_json(const std::map<std::string, int64_t>& counts) {
  Json j = Json::object();
  for (const auto& [name, n] : counts) j[name] = n;
  return j;
}

Json energy_by_cause(const Statistics& run, const std::function<bool(size_t)>& wanted) {
  std::vector<CauseEnergy> causes;
  for (size_t i = 0; i < run.devices(); ++i) {
    if (!wanted(i)) continue;
    for (const CauseEnergy& e : run.device(i).energy()) {
      const auto same = std::find_if(causes.begin(), causes.end(),
                                     [&](const CauseEnergy& c) { return c.cause == e.cause; });
      if (same == causes.end()) {
        causes.push_back(e);
      } else {
        same->nanojoules += e.nanojoules;
      }
    }
  }
  return energy_json(causes);
}

Json mean_json(double sum, int64_t n) { return n == 0 ? Json(nullptr) : Json(sum / static_cast<double>(n)); }

Json hops_json(const auto& statistics) {
  Json j = Json::object();
  for (size_t i = 0; i < kHops.size(); ++i)
    if (!statistics.hop(i).empty()) j[std::string(kHops[i].name)] = latency_json(statistics.hop(i));
  return j;
}

Json classes_json(const PlacementStatistics& p) {
  const Accuracy& a = p.accuracy();
  Json j = Json::object();
  for (size_t c = 0; c < a.classes(); ++c)
    j[a.name(c)] = {{"precision", number(a.precision(c))},
                    {"recall", number(a.recall(c))},
                    {"f1", number(p.f1(c))},
                    {"auc", number(p.auc(c))},
                    {"lost", a.lost_count(c)}};
  return j;
}

/// Of the devices with one placement.
struct DeviceTotals {
  int64_t devices = 0, inferences = 0, cycles = 0, inference_energy = 0, arena = 0, energy = 0;
};
DeviceTotals totals_of(const Statistics& run, const std::function<bool(size_t)>& wanted) {
  DeviceTotals t;
  for (size_t i = 0; i < run.devices(); ++i) {
    if (!wanted(i)) continue;
    const DeviceCounters& c = run.device(i).end;
    ++t.devices;
    t.inferences += c.inferences;
    t.cycles += c.inference_cycles;
    t.inference_energy += c.inference_energy;
    t.arena = std::max(t.arena, c.model_arena);
    t.energy += run.device(i).energy_nanojoules();
  }
  return t;
}

/// Accuracy, latency by hop, energy a sample by cause.
Json placement_json(const PlacementStatistics& p, const Statistics& run,
                    const std::function<bool(size_t)>& covers) {
  const DeviceTotals t = totals_of(run, covers);
  Json j{{"devices", t.devices},
         {"samples", p.samples},
         {"results", p.results},
         {"samples_lost", p.lost},
         {"samples_in_flight", p.in_flight},
         {"reliability", fraction(p.results, p.results + p.lost)}};
  j["ran_at"] = counts_json(p.ran_at);
  j["lost_causes"] = counts_json(p.lost_causes);
  j["accuracy"] = number(p.accuracy().over_classified());
  j["accuracy_all_samples"] = number(p.accuracy().over_all());
  j["auc"] = number(p.mean_auc());
  j["classes"] = classes_json(p);
  j["confusion"] = rows_json(p.accuracy());
  j["latency"] = latency_json(p.e2e());
  j["hops"] = hops_json(p);
  j["energy_per_sample_mJ"] = mean_json(millijoules(t.energy), p.samples);
  j["energy_per_sample_by_cause_mJ"] = Json::object();
  const Json causes = energy_by_cause(run, covers);
  for (const auto& [cause, mj] : causes.items())
    j["energy_per_sample_by_cause_mJ"][cause] = mean_json(mj.get<double>(), p.samples);
  if (t.inferences > 0)
    j["on_device"] = {{"inferences", t.inferences},
                      {"cycles_per_inference", mean_json(static_cast<double>(t.cycles), t.inferences)},
                      {"energy_per_inference_mJ", mean_json(millijoules(t.inference_energy), t.inferences)},
                      {"arena_bytes", t.arena}};
  return j;
}

/// One entry a placement of the model.
Json placements_json(const Collector& collector) {
  const Statistics& run = *collector.statistics().front();
  Json all = Json::object();
  for (const auto& entry : collector.placements())
    all[entry.first] =
        placement_json(entry.second, run, [&](size_t i) { return collector.placement_of(i) == entry.first; });
  return all;
}

}  // namespace

std::vector<std::string> summary_figures() {
  std::vector<std::string> names;
  for (const SummaryFigure& f : kSummaryFigures) names.emplace_back(f.name);
  return names;
}

Json build_summary(const Collector& collector, const MetricMap& metrics, const RunInfo& run,
                   const HostInfo& host, const Json& assertions) {
  const Statistics& statistics = *collector.statistics().front();
  Json j;
  j["scenario"] = run.scenario;
  if (!run.description.empty()) j["description"] = run.description;
  // The seed's duration_s is a whole number; so is ours when it can be.
  const int64_t ns = run.duration.count_ns();
  j["duration_s"] = ns % 1'000'000'000 == 0 ? Json(ns / 1'000'000'000) : Json(seconds(run.duration));
  j["requested_duration_s"] = seconds(run.requested_duration);
  j["status"] = run.status;
  if (!run.reason.empty()) j["reason"] = run.reason;
  j["digest"] = run.digest;
  const double simulated_s = seconds(run.duration);
  const double speed = host.wall_time_s > 0 ? simulated_s / host.wall_time_s : 0;
  j["speed_factor"] = speed;
  j["seed"] = run.seed;
  j["version"] = run.version;
  j["clock"] = run.clock;
  j["summary"] = summary_json(collector, metrics);
  j["per_device"] = Json::object();
  // The names are unique: looking for each among those before would take the square of ten thousand devices.
  auto& per_device = j["per_device"].get_ref<Json::object_t&>();
  for (size_t i = 0; i < statistics.devices(); ++i)
    per_device.emplace_back(collector.device_names()[i], device_json(statistics.device(i)));
  j["hops"] = hops_json(statistics);
  j["packet_latency"] = latency_json(collector.network().latencies());
  j["energy_by_cause_mJ"] = energy_by_cause(statistics, [](size_t) { return true; });
  j["lost_causes"] = counts_json(statistics.lost_causes());
  j["packet_drop_causes"] = counts_json(collector.network().drop_causes());
  if (statistics.accuracy().classes() > 0) j["confusion"] = confusion_json(statistics.accuracy());
  if (!collector.placements().empty()) j["placements"] = placements_json(collector);
  j["assertions"] = assertions.is_null() ? Json::array() : assertions;
  j["host"] = {{"wall_time_s", host.wall_time_s}, {"speed_factor", speed},
               {"cpu_time_s", host.cpu_time_s},   {"peak_memory_bytes", host.peak_memory_bytes},
               {"threads", host.threads},         {"cpu", host.cpu},
               {"started", host.started}};
  return j;
}

Json without_host(Json summary) {
  summary.erase("host");
  summary.erase("speed_factor");
  return summary;
}

void write_summary(RunDirectory& directory, const Json& summary) {
  const auto text = [](const Json& j) {
    return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  };
  try {
    directory.replace("summary.json", text(summary));
  } catch (const SimulationError&) {
    Json shorter = summary;
    shorter.erase("per_device");
    shorter["shortened"] = "per_device is left out because the disk is full";
    directory.replace("summary.json", text(shorter));
  }
}

}  // namespace xedgesim::metrics
