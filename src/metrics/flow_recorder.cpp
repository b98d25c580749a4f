#include "metrics/flow_recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

namespace xedgesim::metrics {
namespace {

constexpr std::array<std::string_view, 7> kDelays{"", "avg_", "min_", "p50_", "p95_", "p99_", "max_"};
constexpr std::string_view kDelay = "flow_delay_ms";

}  // namespace

uint32_t FlowRecorder::add_flow(const std::string& name, const std::string& from, const std::string& to,
                                bool round_trip) {
  Flow f;
  f.name = name;
  f.from = from;
  f.to = to;
  f.round_trip = round_trip;
  flows_.push_back(std::move(f));
  return static_cast<uint32_t>(flows_.size() - 1);
}

void FlowRecorder::sent(uint32_t flow, uint64_t, SimTime t, int64_t bytes) {
  Flow& f = flows_.at(flow);
  f.sent_ns.push_back(t.count_ns());
  f.delay_ns.push_back(-1);
  f.frame_bytes = bytes;
  ++f.interval.sent;
}

void FlowRecorder::received(uint32_t flow, uint64_t sequence, SimTime t, int64_t bytes) {
  if (flow >= flows_.size()) return;
  Flow& f = flows_[flow];
  if (sequence >= f.sent_ns.size()) return;
  if (f.delay_ns[sequence] >= 0) {
    ++f.duplicates;
    ++f.interval.duplicates;
    return;
  }
  const int64_t delay = f.delay_ns[sequence] = std::max<int64_t>(0, t.count_ns() - f.sent_ns[sequence]);
  if (sequence < f.highest) {
    ++f.reordered;
  } else {
    f.highest = sequence;
  }
  ++f.interval.received;
  f.interval.bytes += bytes;
  f.interval.delay_sum += Duration::ns(delay);
  f.interval.delay_max = std::max(f.interval.delay_max, Duration::ns(delay));
}

void FlowRecorder::gather(const Flow& f, const TimeRange& range, Figures& out) const {
  const auto begin = std::lower_bound(f.sent_ns.begin(), f.sent_ns.end(), range.from.count_ns());
  int64_t before = -1;
  for (auto it = begin; it != f.sent_ns.end() && *it < range.to.count_ns(); ++it) {
    const int64_t delay = f.delay_ns[static_cast<size_t>(it - f.sent_ns.begin())];
    ++out.sent;
    if (delay < 0) continue;
    ++out.received;
    out.bytes += f.frame_bytes;
    out.delays.add(Duration::ns(delay));
    out.first = std::min(out.first, SimTime::from_ns(*it + delay));
    out.last = std::max(out.last, SimTime::from_ns(*it + delay));
    if (before >= 0) {
      out.variation_sum += Duration::ns(std::abs(delay - before));
      ++out.variations;
    }
    before = delay;
  }
}

MetricValue FlowRecorder::get(std::string_view full, const Scope& scope) const {
  std::string_view prefix, name = full;
  for (std::string_view p : kDelays)
    if (full.starts_with(p) && full.substr(p.size()) == kDelay) prefix = p, name = kDelay;
  const auto names = metric_names();
  if (std::find(names.begin(), names.end(), full) == names.end()) return {};
  Figures all;
  int64_t duplicates = 0, reordered = 0, flows = 0;
  for (const Flow& f : flows_) {
    if (!scope.node.empty() && !glob_matches(scope.node, f.name)) continue;
    ++flows;
    gather(f, scope.time, all);
    duplicates += f.duplicates;
    reordered += f.reordered;
  }
  if (flows == 0) return none(fmt::format("no flow is named '{}'", scope.node));
  if (name == "flow_sent") return value(static_cast<double>(all.sent));
  if (name == "flow_received") return value(static_cast<double>(all.received));
  if (name == "flow_lost") return value(static_cast<double>(all.sent - all.received));
  if (name == "flow_duplicates" || name == "flow_reordered") {
    if (!scope.time.whole_run()) return none("this metric is for the whole run only");
    return value(static_cast<double>(name == "flow_duplicates" ? duplicates : reordered));
  }
  if (name == "flow_loss_rate")
    return all.sent == 0
               ? none("nothing was sent")
               : value(static_cast<double>(all.sent - all.received) / static_cast<double>(all.sent));
  if (name == "flow_throughput_Mbps") {
    // From the first arrival to the last one: the first packet opens the interval.
    if (all.received < 2 || all.last <= all.first) return none("fewer than two packets arrived");
    const auto bytes = static_cast<double>(all.bytes) * static_cast<double>(all.received - 1) /
                       static_cast<double>(all.received);
    return value(bytes * 8e-6 / seconds(all.last - all.first));
  }
  if (name == "flow_jitter_ms")
    return all.variations == 0 ? none("fewer than two packets arrived")
                               : value(milliseconds(all.variation_sum) / static_cast<double>(all.variations));
  if (all.delays.empty()) return none("nothing arrived");
  if (scope.percentile) return value(milliseconds(*all.delays.percentile(*scope.percentile)));
  const LatencyStats s = *all.delays.stats();
  return value(milliseconds(prefix == "min_"   ? s.min
                            : prefix == "p50_" ? s.p50
                            : prefix == "p95_" ? s.p95
                            : prefix == "p99_" ? s.p99
                            : prefix == "max_" ? s.max
                                               : s.mean));
}

std::vector<std::string> FlowRecorder::metric_names() {
  std::vector<std::string> names{
      "flow_sent",      "flow_received",        "flow_lost",     "flow_loss_rate", "flow_duplicates",
      "flow_reordered", "flow_throughput_Mbps", "flow_jitter_ms"};
  for (std::string_view p : kDelays) names.push_back(std::string(p) + std::string(kDelay));
  return names;
}

std::vector<std::string> FlowRecorder::summary_names() {
  std::vector<std::string> names = metric_names();
  std::erase(names, kDelay);  // the same as avg_
  return names;
}

std::vector<std::string> FlowRecorder::flow_names() const {
  std::vector<std::string> names;
  for (const Flow& f : flows_) names.push_back(f.name);
  return names;
}

std::vector<std::string> FlowRecorder::columns() {
  return {"flow",       "time_us",         "sent",         "received",
          "duplicates", "throughput_kbps", "avg_delay_us", "max_delay_us"};
}

void FlowRecorder::write(TableWriter& table, SimTime t, Duration interval) {
  for (Flow& f : flows_) {
    const Interval& i = f.interval;
    const auto average = ratio(i.delay_sum.count_ns(), i.received * 1000, 3);
    table.row({f.name, t.count_ns() / 1000, i.sent, i.received, i.duplicates,
               ratio(i.bytes * 8'000'000, std::max<int64_t>(1, interval.count_ns()), 3), average,
               i.received ? Cell(microseconds(i.delay_max)) : Cell()});
    f.interval = {};
  }
}

nlohmann::ordered_json FlowRecorder::summary() const {
  nlohmann::ordered_json all = nlohmann::ordered_json::object();
  for (const Flow& f : flows_) {
    nlohmann::ordered_json j;
    j["from"] = f.from;
    j["to"] = f.to;
    for (const std::string& name : summary_names()) {
      const MetricValue v = get(name, {.node = f.name});
      const bool count = name == "flow_sent" || name == "flow_received" || name == "flow_lost" ||
                         name == "flow_duplicates" || name == "flow_reordered";
      auto& place = j[name];
      if (!v.value) {
        place = nullptr;
      } else if (count) {
        place = static_cast<int64_t>(*v.value);
      } else {
        place = *v.value;
      }
    }
    all[f.name] = std::move(j);
  }
  return all;
}

}  // namespace xedgesim::metrics
