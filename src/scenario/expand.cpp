#include "scenario/expand.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <set>
#include <tuple>

#include "base/rng.h"

namespace xedgesim::scenario {
namespace {

/// Groups that stand on the same points.
using SharedPoints = std::tuple<Placement::Topology, double, double, double>;

class Placer {
 public:
  explicit Placer(const Scenario& s) : s_(s) {
    for (const Device& d : s.devices)
      if (!d.position && d.placement.topology == Placement::Topology::grid)
        grid_[key(d.placement)] += size(d);
  }

  Position place(const Device& d, size_t index, const std::string& id) {
    if (d.position) return *d.position;
    const Placement& p = d.placement;
    Position at;
    switch (p.topology) {
      case Placement::Topology::grid:
        at = grid_point(p);
        break;
      case Placement::Topology::line:
        at.x_m = p.spacing_m * static_cast<double>(++line_used_[key(p)]);
        break;
      case Placement::Topology::circle:
        at = on_circle(p, index, size(d));
        break;
      case Placement::Topology::random:
        at = in_disc(p, id);
        break;
      case Placement::Topology::positions:
        return index < p.positions.size() ? p.positions[index] : p.origin;
    }
    return {at.x_m + p.origin.x_m, at.y_m + p.origin.y_m, at.z_m + p.origin.z_m};
  }

 private:
  static size_t size(const Device& d) { return static_cast<size_t>(std::max<int64_t>(0, d.count)); }
  static SharedPoints key(const Placement& p) {
    return {p.topology, p.spacing_m, p.origin.x_m, p.origin.y_m};
  }

  Position grid_point(const Placement& p) {
    std::vector<Position>& points = grid_points_[key(p)];
    if (points.empty()) points = grid_points(grid_[key(p)], p.spacing_m);
    return points[grid_used_[key(p)]++];
  }

  static Position on_circle(const Placement& p, size_t index, size_t count) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(index) / static_cast<double>(count);
    return {p.radius_m * std::cos(angle), p.radius_m * std::sin(angle), 0};
  }

  Position in_disc(const Placement& p, const std::string& id) const {
    RandomStream random(s_.meta.seed, id, "placement");
    const double inner = std::min(1.0, p.radius_m / 2);
    const double r = std::sqrt(random.uniform(inner * inner, p.radius_m * p.radius_m));
    const double angle = random.uniform(0, 2 * std::numbers::pi);
    return {r * std::cos(angle), r * std::sin(angle), 0};
  }

  const Scenario& s_;
  std::map<SharedPoints, size_t> grid_, grid_used_, line_used_;
  std::map<SharedPoints, std::vector<Position>> grid_points_;
};

std::string node_of(const Scenario& s, const std::string& word) {
  if ((word == "gateway" || word == "edge") && !s.edge.empty()) return s.edge.front().id;
  if (word == "cloud" && !s.cloud.empty()) return s.cloud.front().id;
  return word;
}

}  // namespace

std::string member_id(const std::string& group, int64_t count, int64_t index) {
  return count == 1 ? group : fmt::format("{}_{}", group, index + 1);
}

std::vector<Position> grid_points(size_t count, double spacing_m) {
  // A disc of radius r holds about πr² points; a square around it surely has the nearest ones.
  const auto reach =
      static_cast<int64_t>(std::ceil(std::sqrt((static_cast<double>(count) + 1) / std::numbers::pi))) + 2;
  std::vector<std::tuple<int64_t, int64_t, int64_t>> order;  // distance², y, x
  for (int64_t y = -reach; y <= reach; ++y)
    for (int64_t x = -reach; x <= reach; ++x)
      if (const int64_t d = x * x + y * y; d != 0 && d <= reach * reach) order.emplace_back(d, y, x);
  std::sort(order.begin(), order.end());
  std::vector<Position> out;
  for (size_t i = 0; i < count; ++i) {
    const auto [d, y, x] = order[i];
    out.push_back({static_cast<double>(x) * spacing_m, static_cast<double>(y) * spacing_m, 0});
  }
  return out;
}

std::vector<DeviceInstance> expand_devices(const Scenario& scenario) {
  Placer placer(scenario);
  std::vector<DeviceInstance> out;
  for (size_t g = 0; g < scenario.devices.size(); ++g) {
    const Device& d = scenario.devices[g];
    for (int64_t i = 0; i < d.count; ++i) {
      DeviceInstance n;
      n.id = member_id(d.id, d.count, i);
      n.group = g;
      n.index = static_cast<size_t>(i);
      n.position = placer.place(d, n.index, n.id);
      n.config = d.config;
      if (n.config.short_address) *n.config.short_address += i;
      if (n.index < d.placement.phases.size())
        n.config.phase = n.config.phase.value_or(Duration()) + d.placement.phases[n.index];
      n.clock_drift_ppm = d.clock_drift_ppm;
      if (d.clock_drift_spread_ppm != 0) {
        RandomStream random(scenario.meta.seed, n.id, "clock_drift");
        n.clock_drift_ppm += random.uniform(-d.clock_drift_spread_ppm, d.clock_drift_spread_ppm);
      }
      out.push_back(std::move(n));
    }
  }
  return out;
}

NameTable::NameTable(const Scenario& s) {
  for (const Device& d : s.devices) add_group(d.id, d.count, NodeClass::device);
  devices_ = all_.size();
  for (const EdgeNode& e : s.edge) add(e.id, NodeClass::edge);
  for (const CloudNode& c : s.cloud) add(c.id, NodeClass::cloud);
  for (const LinuxNode& n : s.nodes) add_group(n.id, n.count, NodeClass::linux_node);
  for (const Switch& w : s.switches) add(w.id, NodeClass::switch_);
  for (const Link& l : s.links) add(l.id, NodeClass::link);
  for (const auto& [name, w] : s.network.wired) add(name, NodeClass::link);
  for (const Interferer& i : s.network.interferers) add(i.id, NodeClass::interferer);
  for (const Gateway& g : s.network.gateways) add(g.id, NodeClass::gateway);
}

void NameTable::add(std::string id, NodeClass kind) {
  index_.emplace(id, all_.size());
  all_.push_back({std::move(id), kind});
}

void NameTable::add_group(const std::string& id, int64_t count, NodeClass kind) {
  if (count != 1 &&
      groups_.emplace(id, std::pair(all_.size(), static_cast<size_t>(std::max<int64_t>(0, count)))).second)
    group_names_.push_back(id);
  for (int64_t i = 0; i < count; ++i) add(member_id(id, count, i), kind);
}

std::vector<NamedNode> NameTable::resolve(const std::string& name) const {
  if (const auto node = index_.find(name); node != index_.end()) return {all_[node->second]};
  if (const auto group = groups_.find(name); group != groups_.end()) {
    const auto first = all_.begin() + static_cast<std::ptrdiff_t>(group->second.first);
    return {first, first + static_cast<std::ptrdiff_t>(group->second.second)};
  }
  std::vector<NamedNode> out;
  if (is_glob(name)) {
    for (const NamedNode& n : all_)
      if (glob_match(name, n.id)) out.push_back(n);
    return out;
  }
  constexpr std::string_view kSeedPrefix = "device_";
  if (name.rfind(kSeedPrefix, 0) == 0) {
    size_t n = 0;
    const auto [end, ec] = std::from_chars(name.data() + kSeedPrefix.size(), name.data() + name.size(), n);
    if (ec == std::errc{} && end == name.data() + name.size() && n >= 1 && n <= devices_)
      out.push_back(all_[n - 1]);
  }
  return out;
}

std::vector<NamedNode> NameTable::resolve(const Targets& targets, std::vector<std::string>* unknown) const {
  std::vector<NamedNode> out;
  std::set<std::string> seen;
  for (const std::string& t : targets) {
    const auto found = resolve(t);
    if (found.empty() && unknown) unknown->push_back(t);
    for (const NamedNode& n : found)
      if (seen.insert(n.id).second) out.push_back(n);
  }
  return out;
}

std::vector<std::string> NameTable::names(size_t most) const {
  std::vector<std::string> out(
      group_names_.begin(),
      group_names_.begin() + static_cast<std::ptrdiff_t>(std::min(most, group_names_.size())));
  for (size_t i = 0; i < all_.size() && out.size() < most; ++i) out.push_back(all_[i].id);
  return out;
}

std::optional<std::pair<std::string, std::string>> wired_endpoints(const Scenario& s, const NameTable& names,
                                                                   const std::string& name) {
  const auto path = s.network.wired.find(name);
  if (path != s.network.wired.end() && path->second.endpoints.size() == 2)
    return std::pair(path->second.endpoints[0], path->second.endpoints[1]);
  const size_t to = name.find("_to_");
  if (to == std::string::npos) return std::nullopt;
  const std::string a = node_of(s, name.substr(0, to)), b = node_of(s, name.substr(to + 4));
  if (is_glob(a) || is_glob(b) || names.resolve(a).size() != 1 || names.resolve(b).size() != 1)
    return std::nullopt;
  return std::pair(a, b);
}

bool is_glob(std::string_view pattern) { return pattern.find_first_of("*?") != std::string_view::npos; }

bool glob_match(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
      ++p, ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace xedgesim::scenario
