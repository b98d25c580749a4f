#include "metrics/metric_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace xedgesim::metrics {
namespace {

/// The devices and figures that a scope selects.
struct View {
  const Collector& collector;
  const Statistics& statistics;
  std::vector<const DeviceStatistics*> devices;
  bool all_devices = true;

  int64_t sum(int64_t DeviceStatistics::*field) const {
    int64_t total = 0;
    for (const DeviceStatistics* d : devices) total += d->*field;
    return total;
  }
  int64_t counted(int64_t DeviceCounters::*field) const {
    int64_t total = 0;
    for (const DeviceStatistics* d : devices) total += d->end.*field - d->begin.*field;
    return total;
  }
  int64_t nanojoules() const {
    int64_t total = 0;
    for (const DeviceStatistics* d : devices) total += d->energy_nanojoules();
    return total;
  }
};

MetricValue part(int64_t some, int64_t all, const char* reason) {
  return all == 0 ? none(reason) : value(static_cast<double>(some) / static_cast<double>(all));
}


constexpr const char* kWholeSystemOnly = "it is kept for the whole system only; drop the node";
constexpr const char* kWholeRunOnly = "it is kept for the whole run only; drop the time range";

struct Definition {
  std::string_view name;
  MetricValue (*get)(const View&);
};

template <auto Field>
MetricValue sum_of(const View& v) {
  return value(static_cast<double>(v.sum(Field)));
}

template <auto Field>
MetricValue count_of(const View& v) {
  return value(static_cast<double>(v.counted(Field)));
}

template <auto Field>
MetricValue network_count(const View& v) {
  if (!v.all_devices) return none(kWholeSystemOnly);
  if (!v.statistics.range().whole_run()) return none(kWholeRunOnly);
  return value(static_cast<double>(v.collector.network().totals().*Field));
}

MetricValue channel_utilization(const View& v) {
  if (!v.all_devices) return none(kWholeSystemOnly);
  if (!v.statistics.range().whole_run()) return none(kWholeRunOnly);
  Duration busiest;
  for (const auto& [frequency, covered] : v.collector.network().busy(v.collector.end())) {
    busiest = std::max(busiest, covered);
  }
  return part(busiest.count_ns(), v.collector.end().count_ns(), "no time has passed");
}

/// Energy of one device: +1 the largest, -1 the smallest.
MetricValue extreme_energy(const View& v, int sign) {
  if (v.devices.empty()) return none("there is no device");
  int64_t best = v.devices.front()->energy_nanojoules();
  for (const DeviceStatistics* d : v.devices) {
    const int64_t e = d->energy_nanojoules();
    if (sign > 0 ? e > best : e < best) best = e;
  }
  return value(millijoules(best));
}

MetricValue sleep_fraction(const View& v) {
  Duration asleep, active;
  for (const DeviceStatistics* d : v.devices) {
    asleep += d->end.asleep - d->begin.asleep;
    active += d->end.active - d->begin.active;
  }
  return part(asleep.count_ns(), (asleep + active).count_ns(), "no device has told its sleeping time");
}

/// The worst device's.
template <auto Field>
MetricValue smallest(const View& v, double scale) {
  std::optional<double> least;
  for (const DeviceStatistics* d : v.devices) {
    const std::optional<double> one = d->end.*Field;
    if (one && (!least || *one < *least)) least = one;
  }
  return least ? value(*least * scale) : none("no device has a battery");
}

MetricValue energy_per_sample(const View& v) {
  const int64_t n = v.sum(&DeviceStatistics::processed);
  return n == 0 ? none("no sample has a result")
                : value(millijoules(v.nanojoules()) / static_cast<double>(n));
}

MetricValue throughput(const View& v) {
  const double elapsed_s = seconds(v.statistics.elapsed());
  return elapsed_s == 0 ? none("no time has passed")
                        : value(static_cast<double>(v.sum(&DeviceStatistics::processed)) / elapsed_s);
}

using D = DeviceStatistics;

constexpr std::array kDefinitions{
    Definition{"total_samples", sum_of<&D::samples>},
    Definition{"samples_processed", sum_of<&D::processed>},
    Definition{"samples_lost", sum_of<&D::lost>},
    Definition{"samples_in_flight", sum_of<&D::in_flight>},
    Definition{"samples_classified", sum_of<&D::classified>},
    Definition{"total_packets_sent", sum_of<&D::packets_sent>},
    Definition{"total_packets_delivered", sum_of<&D::packets_delivered>},
    Definition{"total_packets_dropped", sum_of<&D::packets_dropped>},
    Definition{"packet_delivery_rate",
               [](const View& v) {
                 return part(v.sum(&D::packets_delivered), v.sum(&D::packets_sent), "no packet was sent");
               }},
    Definition{"ml_accuracy",
               [](const View& v) {
                 return part(v.sum(&D::correct), v.sum(&D::classified),
                             "no sample with a known class was classified");
               }},
    Definition{"ml_accuracy_all_samples",
               [](const View& v) {
                 return part(v.sum(&D::correct), v.sum(&D::labelled), "no sample has a known class");
               }},
    Definition{"total_energy_mJ", [](const View& v) { return value(millijoules(v.nanojoules())); }},
    Definition{"energy_mJ", [](const View& v) { return value(millijoules(v.nanojoules())); }},
    Definition{"avg_device_energy_mJ",
               [](const View& v) {
                 return v.devices.empty()
                            ? none("there is no device")
                            : value(millijoules(v.nanojoules()) / static_cast<double>(v.devices.size()));
               }},
    Definition{"min_device_energy_mJ", [](const View& v) { return extreme_energy(v, -1); }},
    Definition{"max_device_energy_mJ", [](const View& v) { return extreme_energy(v, 1); }},
    Definition{"energy_per_sample_mJ", energy_per_sample},
    Definition{"battery_fraction",
               [](const View& v) { return smallest<&DeviceCounters::battery_fraction>(v, 1); }},
    Definition{"battery_life_days",
               [](const View& v) { return smallest<&DeviceCounters::battery_life_s>(v, 1.0 / 86'400); }},
    Definition{"system_throughput", throughput},
    Definition{"tx_attempts", sum_of<&D::attempts>},
    Definition{"cycles", count_of<&DeviceCounters::cycles>},
    Definition{"instructions", count_of<&DeviceCounters::instructions>},
    Definition{"tx_packets", count_of<&DeviceCounters::tx_packets>},
    Definition{"rx_packets", count_of<&DeviceCounters::rx_packets>},
    Definition{"tx_bytes", count_of<&DeviceCounters::tx_bytes>},
    Definition{"rx_bytes", count_of<&DeviceCounters::rx_bytes>},
    Definition{"cca_busy", count_of<&DeviceCounters::cca_busy>},
    Definition{"uart_tx_bytes", count_of<&DeviceCounters::uart_tx_bytes>},
    Definition{"uart_rx_bytes", count_of<&DeviceCounters::uart_rx_bytes>},
    Definition{"gpio_changes", count_of<&DeviceCounters::gpio_changes>},
    Definition{"wakeups", count_of<&DeviceCounters::wakeups>},
    Definition{"sleep_fraction", sleep_fraction},
    Definition{"collisions", network_count<&NetworkRecorder::Totals::collisions>},
    Definition{"frames_on_air", network_count<&NetworkRecorder::Totals::frames>},
    Definition{"channel_utilization", channel_utilization},
    Definition{"duration_s", [](const View& v) { return value(seconds(v.statistics.elapsed())); }},
};

constexpr std::array<std::string_view, 6> kFigures{"avg_", "min_", "p50_", "p95_", "p99_", "max_"};
constexpr std::string_view kLatencySuffix = "_latency_ms";
constexpr std::array<std::string_view, 6> kEnergyCauses{"cpu_active", "sleep",      "radio_tx",
                                                        "radio_rx",   "radio_idle", "saadc"};

MetricValue figure(const LatencySet& set, std::string_view prefix, std::optional<double> percentile) {
  if (set.empty()) return none("there is no such latency in this scope");
  if (percentile) return value(milliseconds(*set.percentile(*percentile)));
  const LatencyStats s = *set.stats();
  const Duration d = prefix == "min_"   ? s.min
                     : prefix == "p50_" ? s.p50
                     : prefix == "p95_" ? s.p95
                     : prefix == "p99_" ? s.p99
                     : prefix == "max_" ? s.max
                                        : s.mean;
  return value(milliseconds(d));
}

/// [avg_|min_|p50_|…]<what>_latency_ms, what: e2e, age, packet or a hop.
MetricValue latency(std::string_view name, const View& v, std::optional<double> percentile) {
  if (!name.ends_with(kLatencySuffix)) return {};
  name.remove_suffix(kLatencySuffix.size());
  std::string_view prefix;
  for (const std::string_view f : kFigures) {
    if (name.starts_with(f)) prefix = f;
  }
  name.remove_prefix(prefix.size());
  if (name == "e2e") {
    LatencySet merged;
    for (const DeviceStatistics* d : v.devices) merged.add(d->e2e);
    return figure(merged, prefix, percentile);
  }
  const auto hop = std::find_if(kHops.begin(), kHops.end(), [&](const Hop& h) { return h.name == name; });
  if (hop == kHops.end() && name != "age" && name != "packet") return {};
  if (!v.all_devices) return none(kWholeSystemOnly);
  if (name == "packet" && !v.statistics.range().whole_run()) return none(kWholeRunOnly);
  return figure(name == "age"      ? v.statistics.age()
                : name == "packet" ? v.collector.network().latencies()
                                   : v.statistics.hop(static_cast<size_t>(hop - kHops.begin())),
                prefix, percentile);
}

/// energy_<cause>_mJ.
MetricValue cause_energy(std::string_view name, const View& v) {
  if (!name.starts_with("energy_") || !name.ends_with("_mJ") || name.size() <= 10) return {};
  const std::string_view cause = name.substr(7, name.size() - 10);
  bool found = std::find(kEnergyCauses.begin(), kEnergyCauses.end(), cause) != kEnergyCauses.end();
  int64_t total = 0;
  for (const DeviceStatistics* d : v.devices) {
    for (const CauseEnergy& e : d->energy()) {
      if (e.cause != cause) continue;
      found = true;
      total += e.nanojoules;
    }
  }
  return found ? value(millijoules(total)) : MetricValue{};
}

/// precision_<class>, recall_<class>.
MetricValue class_figure(std::string_view name, const View& v) {
  const bool precision = name.starts_with("precision_");
  if (!precision && !name.starts_with("recall_")) return {};
  const std::string_view wanted = name.substr(name.find('_') + 1);
  const Accuracy& accuracy = v.statistics.accuracy();
  for (size_t c = 0; c < accuracy.classes(); ++c) {
    if (accuracy.name(c) != wanted) continue;
    if (!v.all_devices) return none(kWholeSystemOnly);
    const auto figure = precision ? accuracy.precision(c) : accuracy.recall(c);
    return figure ? value(*figure)
                  : none(precision ? "no sample was said to be of this class" : "no sample is of this class");
  }
  return {};
}

}  // namespace

std::pair<std::string, Scope> MetricMap::split(std::string_view name, Scope scope) {
  if (const size_t bracket = name.find('['); bracket != std::string_view::npos && name.ends_with(']')) {
    scope.node = name.substr(bracket + 1, name.size() - bracket - 2);
    name = name.substr(0, bracket);
  }
  return {std::string(name), std::move(scope)};
}

bool MetricMap::has_device(std::string_view node) const {
  for (const MetricSource& s : sources_)
    for (const std::string& m : s.members)
      if (glob_matches(node, m)) return true;
  return std::any_of(device_names().begin(), device_names().end(),
                     [&](const std::string& n) { return glob_matches(node, n); });
}

MetricValue MetricMap::get(std::string_view full_name, Scope full_scope) const {
  const auto [name, scope] = split(full_name, std::move(full_scope));
  if (const auto extra = extra_.find(name); extra != extra_.end()) {
    if (!scope.node.empty()) return none(kWholeSystemOnly);
    if (!scope.time.whole_run()) return none(kWholeRunOnly);
    return value(extra->second);
  }
  for (const MetricSource& s : sources_)
    if (MetricValue v = s.get(name, scope); v.known) return v;
  const auto& all = collector_.statistics();
  const auto place = std::find_if(all.begin(), all.end(),
                                  [&range = scope.time](const auto& s) { return s->range() == range; });
  const Statistics& statistics = place == all.end() ? *all.front() : **place;
  View view{
      .collector = collector_, .statistics = statistics, .devices = {}, .all_devices = scope.node.empty()};
  for (size_t i = 0; i < statistics.devices(); ++i) {
    if (scope.node.empty() || glob_matches(scope.node, collector_.device_names()[i])) {
      view.devices.push_back(&statistics.device(i));
    }
  }

  MetricValue result;
  const auto definition = std::find_if(kDefinitions.begin(), kDefinitions.end(),
                                       [&wanted = name](const Definition& d) { return d.name == wanted; });
  if (definition != kDefinitions.end()) {
    result = scope.percentile ? none("a percentile is for latencies only") : definition->get(view);
  }
  if (!result.known) result = latency(name, view, scope.percentile);
  if (!result.known) result = cause_energy(name, view);
  if (!result.known) result = class_figure(name, view);
  if (!result.known) return result;
  if (view.devices.empty() && !scope.node.empty()) {
    return none(fmt::format("no device is named '{}'", scope.node));
  }
  if (place == all.end()) return none("no figures were kept for this time range");
  return result;
}

std::vector<std::string> MetricMap::names() const {
  std::vector<std::string> names;
  for (const Definition& d : kDefinitions) names.emplace_back(d.name);
  std::vector<std::string> latencies{"e2e", "age", "packet"};
  for (const Hop& hop : kHops) latencies.emplace_back(hop.name);
  for (const std::string& what : latencies) {
    names.push_back(what + std::string(kLatencySuffix));
    for (const std::string_view f : kFigures)
      names.push_back(std::string(f) + what + std::string(kLatencySuffix));
  }
  for (const std::string_view cause : kEnergyCauses) names.push_back(fmt::format("energy_{}_mJ", cause));
  const Accuracy& accuracy = collector_.statistics().front()->accuracy();
  for (size_t c = 0; c < accuracy.classes(); ++c) {
    names.push_back("precision_" + accuracy.name(c));
    names.push_back("recall_" + accuracy.name(c));
  }
  for (const auto& [name, v] : extra_) names.push_back(name);
  for (const MetricSource& s : sources_) names.insert(names.end(), s.names.begin(), s.names.end());
  return names;
}

}  // namespace xedgesim::metrics
