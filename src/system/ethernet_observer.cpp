#include "system/ethernet_observer.h"

#include <fmt/format.h>

#include <algorithm>

#include "metrics/decimal.h"

namespace xedgesim::system {
namespace {

using metrics::MetricValue;
using net::Direction;

constexpr std::array<Direction, 2> kDirections{Direction::a_to_b, Direction::b_to_a};

MetricValue value(double v) { return {.known = true, .value = v, .reason = {}}; }
MetricValue none(const std::string& why) { return {.known = true, .value = std::nullopt, .reason = why}; }

struct LinkFigure {
  std::string_view name;
  double (*get)(const net::LinkStatistics&);
};
constexpr LinkFigure kLinkFigures[] = {
    {"link_sent", [](const net::LinkStatistics& s) { return static_cast<double>(s.messages); }},
    {"link_delivered", [](const net::LinkStatistics& s) { return static_cast<double>(s.delivered); }},
    {"link_lost", [](const net::LinkStatistics& s) { return static_cast<double>(s.lost); }},
    {"link_queue_drops",
     [](const net::LinkStatistics& s) { return static_cast<double>(s.dropped() - s.lost - s.down_drops); }},
    {"link_down_drops", [](const net::LinkStatistics& s) { return static_cast<double>(s.down_drops); }},
    {"link_duplicated", [](const net::LinkStatistics& s) { return static_cast<double>(s.duplicated); }},
    {"link_corrupted", [](const net::LinkStatistics& s) { return static_cast<double>(s.corrupted); }},
    {"link_reordered", [](const net::LinkStatistics& s) { return static_cast<double>(s.reordered); }},
};

net::LinkStatistics& operator+=(net::LinkStatistics& a, const net::LinkStatistics& b) {
  a.messages += b.messages;
  a.bytes += b.bytes;
  a.delivered += b.delivered;
  a.delivered_bytes += b.delivered_bytes;
  a.lost += b.lost;
  a.queue_drops += b.queue_drops;
  a.down_drops += b.down_drops;
  a.early_drops += b.early_drops;
  a.delay_drops += b.delay_drops;
  a.too_large_drops += b.too_large_drops;
  a.corrupted += b.corrupted;
  a.duplicated += b.duplicated;
  a.reordered += b.reordered;
  return a;
}

std::string metric_of_counter(std::string_view counter) { return fmt::format("port_{}", counter); }

int64_t i64(uint64_t v) { return static_cast<int64_t>(v); }

/// What went through each card of a machine that has several.
void add_cards(metrics::Json& j, const MachineNode& m, const std::vector<nodes::CardCounters>& cards) {
  for (size_t i = 0; i < cards.size() && cards.size() > 1; ++i)
    j["cards"][m.address.cards[i].name] = {{"frames_in", cards[i].frames_in},
                                           {"frames_out", cards[i].frames_out},
                                           {"bytes_in", cards[i].bytes_in},
                                           {"bytes_out", cards[i].bytes_out},
                                           {"missed", cards[i].frames_missed}};
}

void add_hosted(metrics::Json& j, const HostedMachine::Counters& c) {
  j["frames_in"] = c.frames_in;
  j["frames_out"] = c.frames_out;
  j["bytes_in"] = c.bytes_in;
  j["bytes_out"] = c.bytes_out;
  j["missed"] = c.frames_missed;
  j["lines"] = c.lines;
  j["boots"] = c.boots;
}

metrics::Json cable_json(const net::Link& link) {
  metrics::Json j;
  for (size_t d = 0; d < 2; ++d) {
    const net::LinkStatistics& s = link.statistics(kDirections[d]);
    j[d == 0 ? "forward" : "backward"] = {{"packets", s.messages},
                                          {"delivered", s.delivered},
                                          {"delivered_bytes", s.delivered_bytes},
                                          {"lost", s.lost},
                                          {"queue_full", s.queue_drops},
                                          {"early_drops", s.early_drops},
                                          {"codel_drops", s.delay_drops},
                                          {"too_large", s.too_large_drops},
                                          {"down_drops", s.down_drops},
                                          {"corrupted", s.corrupted},
                                          {"duplicated", s.duplicated},
                                          {"reordered", s.reordered},
                                          {"most_queued_bytes", s.most_queued_bytes}};
  }
  return j;
}

/// A machine in virtual time.
metrics::Json machine_json(const MachineNode& m) {
  const auto& c = m.node->counters();
  metrics::Json j = {{"frames_in", c.frames_in}, {"frames_out", c.frames_out},    {"bytes_in", c.bytes_in},
                     {"bytes_out", c.bytes_out}, {"missed", c.frames_missed},     {"lines", c.lines},
                     {"boots", c.boots},         {"instructions", c.instructions}};
  add_cards(j, m, m.node->cards());
  j["state"] = m.node->state();
  if (c.panics > 0) j["panics"] = c.panics;
  j["qemu"] = m.node->host().qemu.version;
  if (!m.node->disks().disks().empty()) {
    const auto& d = m.node->disks().counters();
    j["disks"] = {{"reads", d.reads},
                  {"writes", d.writes},
                  {"sectors_read", d.sectors_read},
                  {"sectors_written", d.sectors_written},
                  {"refused", d.refused}};
  }
  if (m.group->kernel.empty()) j["image"] = m.node->host().initrd.parent_path().filename().string();
  return j;
}

metrics::Json switch_json(const net::ethernet::Switch& core, SimTime now) {
  metrics::Json j;
  j["stations"] = core.stations(now);
  const auto* tree = core.spanning_tree();
  if (tree) {
    j["root"] = fmt::format("{:016x}", tree->root());
    j["topology_changes"] = tree->topology_changes();
  }
  for (size_t p = 0; p < core.config().ports.size(); ++p) {
    auto& port = j["ports"][core.config().ports[p].name];
    if (tree) {
      constexpr std::array kStates{"discarding", "learning", "forwarding"};
      constexpr std::array kRoles{"disabled", "alternate", "backup", "root", "designated"};
      port["role"] = kRoles[static_cast<size_t>(tree->role(static_cast<int>(p)))];
      port["state"] = kStates[static_cast<size_t>(tree->state(static_cast<int>(p)))];
    }
    for (const auto& [name, v] : core.counters(static_cast<int>(p)).named())
      if (v != 0) port[std::string(name)] = v;
  }
  return j;
}

}  // namespace

EthernetObserver::EthernetObserver(System& system, metrics::RunDirectory& directory, metrics::Formats formats)
    : system_(system) {
  const EthernetNetwork& net = system_.ethernet();
  for (const auto& f : net.flows()) flows_.add_flow(f.name, f.from, f.to, f.round_trip);
  for (const auto& h : net.hosts()) {
    h->on_sent.connect(
        [this](const nodes::TrafficHost::Sent& s) { flows_.sent(s.flow, s.sequence, s.time, s.bytes); });
    h->on_received.connect([this](const nodes::TrafficHost::Received& r) {
      flows_.received(r.flow, r.sequence, r.time, r.bytes);
    });
  }
  if (!flows_.empty())
    flow_table_ = std::make_unique<metrics::TableWriter>(directory, "flow_metrics",
                                                         metrics::FlowRecorder::columns(), formats);
  if (net.cables().empty()) return;
  link_table_ = std::make_unique<metrics::TableWriter>(
      directory, "link_metrics",
      std::vector<std::string>{"link", "direction", "time_us", "packets", "bytes", "delivered",
                               "delivered_bytes", "lost", "queue_full", "early_drops", "codel_drops",
                               "too_large", "down_drops", "corrupted", "duplicated", "reordered",
                               "queued_bytes"},
      formats);
  last_links_.resize(2 * net.cables().size());
  if (net.switches().empty()) return;
  std::vector<std::string> columns{"port", "time_us"};
  for (const auto& [name, v] : net::ethernet::Rmon().named()) columns.emplace_back(name);
  port_table_ = std::make_unique<metrics::TableWriter>(directory, "port_metrics", columns, formats);
}

void EthernetObserver::collect(SimTime t) {
  if (t <= last_ && t > SimTime::zero()) return;
  const EthernetNetwork& net = system_.ethernet();
  if (flow_table_) {
    flows_.write(*flow_table_, t, t - last_);
    flow_table_->flush();
  }
  last_ = t;
  if (link_table_) {
    for (size_t i = 0; i < net.cables().size(); ++i) {
      const net::Link& link = *net.cables()[i].link;
      for (size_t d = 0; d < 2; ++d) {
        const net::LinkStatistics& s = link.statistics(kDirections[d]);
        net::LinkStatistics& l = last_links_[2 * i + d];
        link_table_->row({link.config().name, d == 0 ? "forward" : "backward", t.count_ns() / 1000,
                          i64(s.messages - l.messages), i64(s.bytes - l.bytes),
                          i64(s.delivered - l.delivered), i64(s.delivered_bytes - l.delivered_bytes),
                          i64(s.lost - l.lost), i64(s.queue_drops - l.queue_drops),
                          i64(s.early_drops - l.early_drops), i64(s.delay_drops - l.delay_drops),
                          i64(s.too_large_drops - l.too_large_drops), i64(s.down_drops - l.down_drops),
                          i64(s.corrupted - l.corrupted), i64(s.duplicated - l.duplicated),
                          i64(s.reordered - l.reordered), link.queued_bytes(kDirections[d])});
        l = s;
      }
    }
    link_table_->flush();
  }
  if (!port_table_) return;
  size_t row = 0;
  for (const auto& w : net.switches())
    for (size_t p = 0; p < w->core().config().ports.size(); ++p, ++row) {
      const auto now = w->core().counters(static_cast<int>(p)).named();
      if (row >= last_ports_.size()) last_ports_.push_back(net::ethernet::Rmon().named());
      const std::string name =
          fmt::format("{}:{}", w->core().config().name, w->core().config().ports[p].name);
      std::vector<metrics::Cell> cells{name, t.count_ns() / 1000};
      for (size_t c = 0; c < now.size(); ++c)
        cells.emplace_back(i64(now[c].second - last_ports_[row][c].second));
      port_table_->row(cells);
      last_ports_[row] = now;
    }
  port_table_->flush();
}

MetricValue EthernetObserver::link_metric(std::string_view name, const metrics::Scope& scope) const {
  net::LinkStatistics sum;
  int64_t links = 0;
  for (const System::LinkEnds& l : system_.links()) {
    if (!scope.node.empty() && !metrics::glob_matches(scope.node, l.link->config().name)) continue;
    ++links;
    for (Direction d : kDirections) sum += l.link->statistics(d);
  }
  MetricValue result;
  for (const LinkFigure& f : kLinkFigures)
    if (f.name == name) result = value(f.get(sum));
  if (name == "link_loss_rate") {
    const double sent = static_cast<double>(sum.delivered - sum.duplicated + sum.lost);
    result = sent == 0 ? none("nothing was sent") : value(static_cast<double>(sum.lost) / sent);
  }
  if (!result.known) return result;
  if (links == 0) return none(fmt::format("no link is named '{}'", scope.node));
  if (!scope.time.whole_run()) return none("this metric is for the whole run only");
  return result;
}

MetricValue EthernetObserver::port_metric(std::string_view name, const metrics::Scope& scope) const {
  bool known = false;
  uint64_t sum = 0;
  int64_t ports = 0;
  for (const auto& [counter, v] : net::ethernet::Rmon().named())
    known = known || metric_of_counter(counter) == name;
  if (!known) return {};
  for (const auto& w : system_.ethernet().switches())
    for (size_t p = 0; p < w->core().config().ports.size(); ++p) {
      const std::string full =
          fmt::format("{}:{}", w->core().config().name, w->core().config().ports[p].name);
      if (!scope.node.empty() && !metrics::glob_matches(scope.node, full)) continue;
      ++ports;
      for (const auto& [counter, v] : w->core().counters(static_cast<int>(p)).named())
        if (metric_of_counter(counter) == name) sum += v;
    }
  if (ports == 0) return none(fmt::format("no port is named '{}'", scope.node));
  if (!scope.time.whole_run()) return none("this metric is for the whole run only");
  return value(static_cast<double>(sum));
}

std::vector<std::string> EthernetObserver::members() const {
  std::vector<std::string> out = flows_.flow_names();
  for (const System::LinkEnds& l : system_.links()) out.push_back(l.link->config().name);
  for (const auto& w : system_.ethernet().switches())
    for (const auto& p : w->core().config().ports)
      out.push_back(fmt::format("{}:{}", w->core().config().name, p.name));
  return out;
}

metrics::MetricSource EthernetObserver::source() const {
  std::vector<std::string> names = metrics::FlowRecorder::metric_names();
  for (const LinkFigure& f : kLinkFigures) names.emplace_back(f.name);
  names.emplace_back("link_loss_rate");
  for (const auto& [counter, v] : net::ethernet::Rmon().named()) names.push_back(metric_of_counter(counter));
  return {.get =
              [this](std::string_view name, const metrics::Scope& scope) {
                if (MetricValue v = flows_.get(name, scope); v.known) return v;
                if (MetricValue v = link_metric(name, scope); v.known) return v;
                return port_metric(name, scope);
              },
          .names = std::move(names),
          .members = members()};
}

void EthernetObserver::add_to(metrics::Json& summary) const {
  const EthernetNetwork& net = system_.ethernet();
  if (!flows_.empty()) summary["flows"] = flows_.summary();
  for (const auto& c : net.cables()) summary["links"][c.link->config().name] = cable_json(*c.link);
  for (const MachineNode& m : net.machines()) {
    if (m.hosted) {
      add_hosted(summary["machines"][m.id], m.hosted->counters());
      add_cards(summary["machines"][m.id], m, m.hosted->cards());
      continue;
    }
    summary["host"]["machine_looks"][m.id] = m.node->counters().looks;
    summary["host"]["machines_restored"][m.id] = m.node->counters().restored;
    summary["machines"][m.id] = machine_json(m);
  }
  for (const auto& w : net.hosted_switches()) {
    const auto& c = w->counters();
    summary["switches"][w->config().id] = {{"backend", "ovs"},
                                           {"frames_in", c.frames_in},
                                           {"frames_out", c.frames_out},
                                           {"missed", c.frames_missed}};
  }
  for (const auto& w : net.switches())
    summary["switches"][w->core().config().name] = switch_json(w->core(), system_.scheduler().now());
}

}  // namespace xedgesim::system
