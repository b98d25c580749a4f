#include "metrics/collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/error.h"
#include "metrics/suggest.h"
#include "metrics/tables.h"

namespace xedgesim::metrics {
namespace {

struct CollectName {
  std::string_view name;
  bool Selection::*table;
};

constexpr std::array kCollectNames{
    CollectName{"device_energy", &Selection::device},
    CollectName{"device_cpu", &Selection::device},
    CollectName{"device_metrics", &Selection::device},
    CollectName{"packet_latency", &Selection::network},
    CollectName{"packet_loss", &Selection::network},
    CollectName{"channel_utilization", &Selection::network},
    CollectName{"network_metrics", &Selection::network},
    CollectName{"ml_inference_time", &Selection::edge},
    CollectName{"edge", &Selection::edge},
    CollectName{"edge_metrics", &Selection::edge},
    CollectName{"cloud", &Selection::cloud},
    CollectName{"cloud_metrics", &Selection::cloud},
    CollectName{"end_to_end_latency", &Selection::cross_tier},
    CollectName{"ml_accuracy", &Selection::cross_tier},
    CollectName{"cross_tier_metrics", &Selection::cross_tier},
    CollectName{"spans", &Selection::spans},
};

}  // namespace

Selection selection_from(const std::vector<std::string>& collect) {
  if (collect.empty()) return {};
  Selection s{false, false, false, false, false, false};
  for (const std::string& wanted : collect) {
    const auto place = std::find_if(kCollectNames.begin(), kCollectNames.end(),
                                    [&](const CollectName& c) { return c.name == wanted; });
    if (place == kCollectNames.end()) {
      std::vector<std::string> names;
      for (const CollectName& c : kCollectNames) names.emplace_back(c.name);
      throw ConfigError(fmt::format("metrics.collect: unknown name '{}'{}; known are {}", wanted,
                                    suggestion(wanted, names), fmt::join(names, ", ")));
    }
    s.*(place->table) = true;
    // Latencies and inference times of single samples are in the spans.
    if (wanted == "end_to_end_latency" || wanted == "ml_inference_time") s.spans = true;
  }
  return s;
}

struct Collector::Tables {
  std::unique_ptr<DeviceTable> device;
  std::unique_ptr<NetworkTable> network;
  std::unique_ptr<EdgeTable> edge;
  std::unique_ptr<CloudTable> cloud;
  std::unique_ptr<CrossTierTable> cross_tier;
  std::vector<std::pair<std::string, EdgeReader>> edges;
  std::vector<std::pair<std::string, CloudReader>> clouds;

  void flush() const {
    if (device) device->flush();
    if (network) network->flush();
    if (edge) edge->flush();
    if (cloud) cloud->flush();
    if (cross_tier) cross_tier->flush();
  }
};

Collector::Collector(RunDirectory& directory, CollectorOptions options)
    : options_(std::move(options)), tables_(std::make_unique<Tables>()) {
  const Selection& wanted = options_.selection;
  const Formats formats = options_.formats;
  if (wanted.device) tables_->device = std::make_unique<DeviceTable>(directory, formats);
  if (wanted.network) tables_->network = std::make_unique<NetworkTable>(directory, formats);
  if (wanted.edge) tables_->edge = std::make_unique<EdgeTable>(directory, formats);
  if (wanted.cloud) tables_->cloud = std::make_unique<CloudTable>(directory, formats);
  if (wanted.cross_tier) tables_->cross_tier = std::make_unique<CrossTierTable>(directory, formats);
  spans_ = std::make_unique<SpanRecorder>(directory,
                                          SpanOptions{.final_stage = options_.final_stage,
                                                      .grace = options_.span_grace,
                                                      .file = wanted.spans,
                                                      .formats = formats},
                                          names_);
  events_ = std::make_unique<EventLog>(directory);

  const TimeRange whole;
  statistics_.push_back(std::make_unique<Statistics>(whole, options_.classes));
  const std::set<TimeRange> ranges(options_.ranges.begin(), options_.ranges.end());
  for (const TimeRange& range : ranges) {
    if (range != whole) statistics_.push_back(std::make_unique<Statistics>(range, options_.classes));
  }
  wire();
}

Collector::~Collector() = default;

void Collector::wire() {
  for (const auto& statistics : statistics_) {
    Statistics* s = statistics.get();
    spans_->outcome.connect([s](const Span& span) { s->sample(span); });
    spans_->closed.connect([s](const Span& span) { s->written(span); });
    network_.on_sent.connect([s](DeviceIndex device, SimTime t) { s->packet_sent(device, t); });
    network_.on_outcome.connect([s](const PacketOutcome& p) { s->packet(p); });
  }
  const auto placement = [this](const Span& span) -> PlacementStatistics* {
    const auto found = placements_.find(placement_of_[raw(span.device)]);
    return found == placements_.end() ? nullptr : &found->second;
  };
  spans_->outcome.connect([placement](const Span& span) {
    if (PlacementStatistics* p = placement(span)) p->sample(span);
  });
  spans_->closed.connect([placement](const Span& span) {
    if (PlacementStatistics* p = placement(span)) p->written(span);
  });
  if (CrossTierTable* table = tables_->cross_tier.get()) {
    spans_->outcome.connect([table](const Span& span) { table->outcome(span); });
    network_.on_outcome.connect([table](const PacketOutcome& p) { table->packet(p); });
  }
}

DeviceIndex Collector::add_device(const std::string& name, DeviceReader read, const std::string& placement) {
  names_.push_back(name);
  placement_of_.push_back(placement);
  if (!placement.empty()) placements_.try_emplace(placement, options_.classes);
  readers_.push_back(std::move(read));
  for (const auto& s : statistics_) s->add_device();
  return DeviceIndex{static_cast<uint32_t>(names_.size() - 1)};
}

void Collector::add_edge(const std::string& name, EdgeReader read) {
  tables_->edges.emplace_back(name, std::move(read));
}

void Collector::add_cloud(const std::string& name, CloudReader read) {
  tables_->clouds.emplace_back(name, std::move(read));
}

std::vector<SimTime> Collector::extra_times() const {
  std::set<SimTime> times;
  for (const auto& s : statistics_) {
    if (s->range().from > SimTime::zero()) times.insert(s->range().from);
    if (!s->range().to.is_never()) times.insert(s->range().to);
  }
  return {times.begin(), times.end()};
}

void Collector::collect_ranges(SimTime t) {
  for (uint32_t i = 0; i < readers_.size(); ++i) {
    const DeviceCounters now = readers_[i](t);
    for (const auto& s : statistics_) s->counters(DeviceIndex{i}, t, now);
  }
}

void Collector::collect(SimTime t) {
  if (t <= last_) return;
  const Duration interval = t - last_;
  int64_t energy = 0;
  for (uint32_t i = 0; i < readers_.size(); ++i) {
    const DeviceCounters now = readers_[i](t);
    energy += total_nanojoules(now.energy);
    for (const auto& s : statistics_) s->counters(DeviceIndex{i}, t, now);
    if (tables_->device) tables_->device->row(names_[i], i, t, now);
  }
  if (tables_->network) tables_->network->row(t, interval, network_);
  if (tables_->edge) {
    for (const auto& [name, read] : tables_->edges) tables_->edge->row(name, t, interval, read(t));
  }
  if (tables_->cloud) {
    for (const auto& [name, read] : tables_->clouds) tables_->cloud->row(name, t, read(t));
  }
  if (tables_->cross_tier) tables_->cross_tier->row(t, interval, energy);
  network_.settle(t);
  spans_->settle(t);
  tables_->flush();
  spans_->flush();
  events_->flush();
  // Last, so that finish() can repeat a collection that a full disk cut short.
  last_ = t;
}

void Collector::finish(SimTime end) {
  spans_->finish();
  collect(end);
  tables_->flush();
  events_->flush();
}

}  // namespace xedgesim::metrics
