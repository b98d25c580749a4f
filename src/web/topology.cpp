#include "web/topology.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "scenario/expand.h"
#include "web/node_details.h"

namespace xedgesim::web {
namespace {

constexpr double kStep = 120, kMargin = 60;

/// The node of an attachment point `node:interface`.
std::string node_of(const std::string& endpoint) { return endpoint.substr(0, endpoint.find(':')); }

class Drawing {
 public:
  explicit Drawing(const scenario::Scenario& s) : scenario_(s) {}

  Topology draw() {
    const bool radio = !scenario_.devices.empty();
    if (radio) radio_part();
    services();
    wired_part();
    edges();
    shift_into_view();
    return std::move(out_);
  }

 private:
  void add(Topology::Node node) {
    if (known_.insert(node.id).second) out_.nodes.push_back(std::move(node));
  }

  void add_gateways(double scale) {
    const auto at = [&](const std::string& id, const scenario::Position& p, const char* kind,
                        std::string detail) {
      add({.id = id,
           .label = id,
           .kind = kind,
           .detail = std::move(detail),
           .x = p.x_m * scale,
           .y = -p.y_m * scale});
      gateways_.push_back(id);
    };
    for (const scenario::Gateway& g : scenario_.network.gateways)
      at(g.id, g.position, "gateway", g.channel ? fmt::format("channel {}", *g.channel) : "");
    if (gateways_.empty() && !scenario_.edge.empty())
      at(scenario_.edge.front().id, scenario_.edge.front().position, "edge",
         edge_detail(scenario_.edge.front()));
  }

  /// Metres to drawing units, so that neighbours do not overlap.
  static double scale_for(const std::vector<scenario::Position>& places) {
    double far = 0;
    for (const auto& p : places) far = std::max({far, std::fabs(p.x_m), std::fabs(p.y_m)});
    const double wanted = 36 * std::sqrt(static_cast<double>(std::max<size_t>(places.size(), 9)));
    return far > 0 ? wanted / far : 1;
  }

  void radio_part() {
    int64_t count = 0;
    for (const auto& d : scenario_.devices) count += d.count;
    std::vector<scenario::Position> places;
    if (count <= static_cast<int64_t>(Topology::kMostDevices)) {
      const auto devices = scenario::expand_devices(scenario_);
      for (const auto& d : devices) places.push_back(d.position);
      for (const auto& g : scenario_.network.gateways) places.push_back(g.position);
      const double scale = scale_for(places);
      for (const auto& d : devices)
        add_device(d.id, short_label(d.id), d.group, d.position.x_m * scale, -d.position.y_m * scale);
      add_gateways(scale);
    } else {
      grouped_ = true;
      for (const auto& g : scenario_.network.gateways) places.push_back(g.position);
      add_gateways(scale_for(places));
      double x = 0, y = 0;
      for (const Topology::Node& n : out_.nodes) {
        x = std::min(x, n.x);
        y = std::max(y, n.y + kStep);
      }
      for (size_t g = 0; g < scenario_.devices.size(); ++g, x += kStep) {
        const auto& d = scenario_.devices[g];
        add_device(d.id, d.count == 1 ? d.id : fmt::format("{} x {}", d.id, d.count), g, x, y);
      }
    }
    for (const scenario::Interferer& i : scenario_.network.interferers)
      add({.id = i.id,
           .label = i.id,
           .kind = "interferer",
           .detail = fmt::format("{:g} dBm", i.power_dbm),
           .x = i.position.x_m,
           .y = -i.position.y_m});
    separate();
  }

  void add_device(const std::string& id, const std::string& label, size_t group, double x, double y) {
    add({.id = id,
         .label = label,
         .kind = "device",
         .detail = device_detail(scenario_.devices[group]),
         .x = x,
         .y = y});
    devices_.push_back(id);
  }

  /// Nodes at one and the same place are moved to the right of each other.
  void separate() {
    std::map<std::pair<int64_t, int64_t>, int> taken;
    for (Topology::Node& n : out_.nodes) {
      const auto cell = std::pair(std::llround(n.x), std::llround(n.y));
      n.x += 40.0 * taken[cell]++;
    }
  }

  double right_of_all() const {
    double x = out_.nodes.empty() ? 0 : out_.nodes.front().x;
    for (const Topology::Node& n : out_.nodes) x = std::max(x, n.x);
    return x;
  }

  void services() {
    double x = right_of_all() + 1.4 * kStep, y = 0;
    for (const scenario::EdgeNode& e : scenario_.edge) {
      if (known_.contains(e.id)) continue;
      add({.id = e.id, .label = e.id, .kind = "edge", .detail = edge_detail(e), .x = x, .y = y});
      y += kStep;
    }
    if (y > 0) x += 1.4 * kStep;
    y = 0;
    for (const scenario::CloudNode& c : scenario_.cloud) {
      add({.id = c.id, .label = c.id, .kind = "cloud", .detail = cloud_detail(c), .x = x, .y = y});
      y += kStep;
    }
  }

  /// Switches in a row, each with its nodes above and below it.
  void wired_part() {
    std::map<std::string, std::string> switch_of;
    for (const scenario::Link& l : scenario_.links)
      if (l.endpoints.size() == 2)
        for (int side = 0; side < 2; ++side)
          for (const scenario::Switch& s : scenario_.switches)
            if (node_of(l.endpoints[static_cast<size_t>(side)]) == s.id)
              switch_of.try_emplace(node_of(l.endpoints[static_cast<size_t>(1 - side)]), s.id);
    double x = out_.nodes.empty() ? 0 : right_of_all() + 1.6 * kStep;
    for (const scenario::Switch& s : scenario_.switches) {
      std::vector<const scenario::LinuxNode*> around;
      for (const auto& n : scenario_.nodes)
        if (const auto found = switch_of.find(n.id); found != switch_of.end() && found->second == s.id)
          around.push_back(&n);
      const double columns = std::max(1.0, std::ceil(static_cast<double>(around.size()) / 2));
      add({.id = s.id,
           .label = s.id,
           .kind = "switch",
           .detail = switch_detail(s),
           .x = x + (columns - 1) * kStep / 2,
           .y = 0});
      for (size_t i = 0; i < around.size(); ++i)
        add_machine(*around[i], x + static_cast<double>(i / 2) * kStep, i % 2 == 0 ? -kStep : kStep);
      x += (columns + 0.6) * kStep;
    }
    double y = scenario_.switches.empty() ? 0 : 2 * kStep;
    if (!scenario_.switches.empty()) x = out_.nodes.front().x;
    for (const scenario::LinuxNode& n : scenario_.nodes) {
      if (known_.contains(n.id)) continue;
      add_machine(n, x, y);
      x += kStep;
    }
  }

  void add_machine(const scenario::LinuxNode& n, double x, double y) {
    add({.id = n.id,
         .label = n.count == 1 ? n.id : fmt::format("{} x {}", n.id, n.count),
         .kind = kind_of(n.type),
         .detail = machine_detail(n),
         .x = x,
         .y = y});
  }

  void connect(const std::string& from, const std::string& to, const char* kind, std::string label) {
    if (known_.contains(from) && known_.contains(to) && from != to)
      out_.edges.push_back({.from = from, .to = to, .kind = kind, .label = std::move(label)});
  }

  void edges() {
    for (const std::string& d : devices_) {
      if (grouped_)  // each of its members has a gateway of its own
        for (const std::string& g : gateways_) connect(d, g, "radio", "");
      else if (!gateways_.empty())
        connect(d, nearest_gateway(d), "radio", "");
    }
    if (!scenario_.edge.empty())
      for (const scenario::Gateway& g : scenario_.network.gateways)
        connect(g.id, scenario_.edge.front().id, "path", "");
    for (const auto& [name, path] : scenario_.network.wired)
      if (const auto ends = scenario::wired_endpoints(scenario_, scenario::NameTable(scenario_), name))
        connect(ends->first, ends->second, "path", path_label(name, path.impairments));
    for (const scenario::Link& l : scenario_.links)
      if (l.endpoints.size() == 2)
        connect(node_of(l.endpoints[0]), node_of(l.endpoints[1]), "cable", path_label(l.id, l.impairments));
    for (const scenario::EdgeNode& e : scenario_.edge)
      if (!e.machine.empty()) connect(e.id, e.machine, "path", "runs in");
  }

  const Topology::Node& node(const std::string& id) const {
    return *std::find_if(out_.nodes.begin(), out_.nodes.end(), [&](const auto& n) { return n.id == id; });
  }

  std::string nearest_gateway(const std::string& device) const {
    const Topology::Node& from = node(device);
    const auto distance = [&](const std::string& g) {
      return std::hypot(node(g).x - from.x, node(g).y - from.y);
    };
    return *std::min_element(
        gateways_.begin(), gateways_.end(),
        [&](const std::string& a, const std::string& b) { return distance(a) < distance(b); });
  }

  void shift_into_view() {
    if (out_.nodes.empty()) return;
    double left = out_.nodes.front().x, top = out_.nodes.front().y, right = left, bottom = top;
    for (const Topology::Node& n : out_.nodes) {
      left = std::min(left, n.x);
      right = std::max(right, n.x);
      top = std::min(top, n.y);
      bottom = std::max(bottom, n.y);
    }
    for (Topology::Node& n : out_.nodes) {
      n.x += kMargin - left;
      n.y += kMargin - top;
    }
    out_.width = right - left + 2 * kMargin;
    out_.height = bottom - top + 2 * kMargin;
  }

  const scenario::Scenario& scenario_;
  Topology out_;
  std::set<std::string> known_;
  std::vector<std::string> devices_, gateways_;
  bool grouped_ = false;  ///< devices_ are groups
};

}  // namespace

Topology topology_of(const scenario::Scenario& scenario) { return Drawing(scenario).draw(); }

Json to_json(const Topology& t) {
  Json nodes = Json::array(), edges = Json::array();
  for (const Topology::Node& n : t.nodes)
    nodes.push_back(
        {{"id", n.id}, {"label", n.label}, {"kind", n.kind}, {"detail", n.detail}, {"x", n.x}, {"y", n.y}});
  for (const Topology::Edge& e : t.edges)
    edges.push_back({{"from", e.from}, {"to", e.to}, {"kind", e.kind}, {"label", e.label}});
  return {{"nodes", std::move(nodes)}, {"edges", std::move(edges)}};
}

}  // namespace xedgesim::web
