#include "system/placement_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "ml/network.h"
#include "ml/tflite_model.h"
#include "scenario/codecs.h"
#include "system/ml_placement.h"
#include "system/wiring.h"

namespace xedgesim::system {
namespace {

using scenario::Device;
using scenario::MlPlacement;
using Variants = std::vector<PlacementVariant>;

constexpr MlPlacement kAllPlacements[] = {MlPlacement::device, MlPlacement::edge, MlPlacement::cloud,
                                          MlPlacement::hybrid, MlPlacement::adaptive};
constexpr int kIntervalFactors[] = {1, 2, 4};

std::string word(MlPlacement p) {
  Device d;
  d.ml_placement = p;
  return placement_name(d);
}

std::vector<size_t> groups_in_question(const scenario::Scenario& s, const scenario::SearchSpace& space) {
  std::vector<size_t> groups;
  for (const std::string& id : space.devices) {
    const auto found =
        std::find_if(s.devices.begin(), s.devices.end(), [&](const Device& d) { return d.id == id; });
    if (found == s.devices.end())
      throw ConfigError(fmt::format("search.devices: the scenario has no group of devices '{}'", id));
    if (!found->emulated())
      throw ConfigError(fmt::format(
          "search.devices: '{}' is no emulated group: only firmware can be placed differently", id));
    groups.push_back(static_cast<size_t>(found - s.devices.begin()));
  }
  if (!space.devices.empty()) return groups;
  for (size_t i = 0; i < s.devices.size(); ++i)
    if (s.devices[i].emulated() && s.devices[i].ml_placement != MlPlacement::none) groups.push_back(i);
  if (groups.empty())
    throw ConfigError(
        "there is nothing to place: give a group of emulated devices (type mcu) the key ml_placement, with "
        "the placement it has today");
  return groups;
}

/// Why a placement cannot be for a group; empty when it can.
std::string obstacle(const scenario::Scenario& s, const Device& group, MlPlacement p) {
  const bool cloud_model = !s.cloud.empty() && !s.cloud.front().ml_model.empty();
  const bool far = group.ml_remote == scenario::MlRemote::cloud;
  const bool edge_model = !s.edge.empty() && !scenario::edge_model_file(s.edge.front()).empty();
  if (p == MlPlacement::hybrid) {
    if (s.edge.empty()) return "there is no edge node";
    if (group.ml_model.resolved.extension() != ".onnx")
      return fmt::format("ml_model of '{}' is no int8 ONNX model, which alone can be cut", group.id);
    return "";
  }
  if (p == MlPlacement::cloud) {
    if (!cloud_model) return "no cloud node has an ml_model";
    if (s.edge.empty()) return "there is no edge node to pass the reports on";
    return "";
  }
  if (p == MlPlacement::adaptive && far) return cloud_model ? "" : "no cloud node has an ml_model";
  if ((p == MlPlacement::edge || p == MlPlacement::adaptive) && !edge_model)
    return "the edge node has no ml_model";
  return "";
}

/// Layers behind which the model can be cut; `reasons`: of those behind which it cannot.
std::vector<int64_t> cuts_of(const Device& group, std::vector<LeftOut>& left_out) {
  const std::string file = group.ml_model.resolved.string();
  const ml::Network net = [&] {
    try {
      return ml::network_from_onnx(ml::parse_onnx(ml::read_bytes(file)));
    } catch (const ConfigError& e) {
      throw ConfigError(fmt::format("model '{}': {}", file, e.what()));
    }
  }();
  std::vector<int64_t> cuts;
  for (size_t after = 0; after + 1 < net.layers.size(); ++after) {
    try {
      ml::split(net, static_cast<int>(after));
      cuts.push_back(static_cast<int64_t>(after));
    } catch (const ConfigError& e) {
      left_out.push_back({fmt::format("hybrid-after_{}", after), e.what()});
    }
  }
  return cuts;
}

int64_t last_layer(const Device& group) {
  const auto net = ml::network_from_onnx(ml::parse_onnx(ml::read_bytes(group.ml_model.resolved)));
  return static_cast<int64_t>(net.layers.size()) - 1;
}

std::string layer_list(int64_t first, int64_t last) {
  std::string text;
  for (int64_t i = first; i <= last; ++i) text += fmt::format("{}{}", text.empty() ? "" : ", ", i);
  return text;
}

void add_placements(const scenario::Scenario& s, const scenario::SearchSpace& space,
                    const std::vector<size_t>& groups, PlacementSpace& out) {
  std::vector<MlPlacement> wanted(std::begin(kAllPlacements), std::end(kAllPlacements));
  if (space.placements) wanted = *space.placements;
  for (const MlPlacement p : wanted) {
    std::string why;
    for (const size_t g : groups)
      if (why.empty()) why = obstacle(s, s.devices[g], p);
    if (!why.empty()) {
      out.left_out.push_back({word(p), why});
      continue;
    }
    PlacementVariant v{.name = word(p), .overrides = {}, .parameters = {{"placement", word(p)}}};
    for (const size_t g : groups)
      v.overrides.push_back(fmt::format("devices[{}].ml_placement={}", g, word(p)));
    if (p != MlPlacement::hybrid) {
      out.variants.push_back(std::move(v));
      continue;
    }
    const auto cuts = space.splits ? *space.splits : cuts_of(s.devices[groups.front()], out.left_out);
    for (const int64_t after : cuts) {
      PlacementVariant cut = v;
      cut.name += fmt::format("-after_{}", after);
      cut.parameters["split"] = fmt::format("after {}", after);
      for (const size_t g : groups) {
        const int64_t last = last_layer(s.devices[g]);
        if (after >= last)
          throw ConfigError(
              fmt::format("search.splits: behind layer {} of '{}' there is nothing left: its "
                          "model has the layers 0 to {}",
                          after, s.devices[g].id, last));
        cut.overrides.push_back(fmt::format("devices[{}].ml_split={{device_layers: [{}], edge_layers: [{}]}}",
                                            g, layer_list(0, after), layer_list(after + 1, last)));
      }
      out.variants.push_back(std::move(cut));
    }
  }
}

void multiply_intervals(const scenario::Scenario& s, const scenario::SearchSpace& space,
                        const std::vector<size_t>& groups, Variants& variants) {
  for (const size_t g : groups)
    if (space.vary.contains(
            fmt::format("devices[{}].config.{}", g, scenario::report_interval(s.devices[g].config).key)))
      return;
  std::vector<Duration> values;
  if (space.report_intervals) {
    values = *space.report_intervals;
  } else if (const auto own = scenario::report_interval(s.devices[groups.front()].config).value) {
    for (const int factor : kIntervalFactors) values.push_back(*own * factor);
  }
  if (values.empty()) return;
  Variants more;
  for (const PlacementVariant& v : variants) {
    for (const Duration d : values) {
      const std::string text = scenario::format_duration(d);
      more.push_back(v);
      more.back().name += "-every_" + text;
      more.back().parameters["report interval"] = text;
      for (const size_t g : groups)
        more.back().overrides.push_back(fmt::format(
            "devices[{}].config.{}={}", g, scenario::report_interval(s.devices[g].config).key, text));
    }
  }
  variants = std::move(more);
}

std::string safe(std::string text) {
  for (char& c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.'))
      c = '_';
  return text;
}

void multiply_vary(const scenario::SearchSpace& space, Variants& variants) {
  for (const auto& [path, values] : space.vary) {
    if (values.empty()) throw ConfigError(fmt::format("search.vary: '{}' has no values: list them", path));
    if (path.find(".ml_placement") != std::string::npos || path.find(".ml_split") != std::string::npos)
      throw ConfigError(
          fmt::format("search.vary: '{}' is varied by itself: use placements and splits", path));
    Variants more;
    for (const PlacementVariant& v : variants) {
      for (const std::string& value : values) {
        more.push_back(v);
        more.back().name += safe(fmt::format("-{}_{}", path.substr(path.rfind('.') + 1), value));
        more.back().parameters[path] = value;
        more.back().overrides.push_back(path + "=" + value);
      }
    }
    variants = std::move(more);
  }
}

bool may_change_links(const scenario::Fault& f) {
  using T = scenario::Fault::Type;
  return f.type == T::link_set || f.type == T::link_degradation || f.type == T::apply_profile ||
         f.type == T::packet_loss;
}

/// The least a way can take; none when it is not known.
std::optional<Duration> least_delay(const net::LinkParameters& p) {
  if (p.reorder > 0) return std::nullopt;
  if (p.jitter == Duration()) return p.latency;
  if (p.distribution != net::Jitter::uniform) return std::nullopt;
  return std::max(p.latency - p.jitter, Duration());
}

}  // namespace

PlacementSpace placement_space(const scenario::Scenario& s, const scenario::SearchSpace& space) {
  const auto groups = groups_in_question(s, space);
  PlacementSpace out;
  add_placements(s, space, groups, out);
  if (out.variants.empty()) {
    std::string why;
    for (const LeftOut& l : out.left_out) why += fmt::format("\n  {}: {}", l.name, l.reason);
    throw ConfigError("no placement is possible:" + why);
  }
  multiply_intervals(s, space, groups, out.variants);
  multiply_vary(space, out.variants);
  std::set<std::string> names{"figures", "latest"};
  for (PlacementVariant& v : out.variants) {
    const std::string base = v.name.substr(0, 150);
    v.name = base;
    for (int n = 2; !names.insert(v.name).second; ++n) v.name = fmt::format("{}.{}", base, n);
  }
  return out;
}

std::optional<Duration> latency_floor(const scenario::Scenario& s) {
  for (const Device& d : s.devices)
    if (d.ml_placement != MlPlacement::cloud && !(d.ml_placement == MlPlacement::hybrid && passes_on(d)))
      return std::nullopt;
  if (s.network.profile || s.devices.empty() ||
      std::any_of(s.faults.begin(), s.faults.end(), may_change_links))
    return std::nullopt;
  const auto wan = find_wan(s);
  if (!wan) return std::nullopt;
  const net::LinkConfig link = wan_link(*wan, sim::kNobody, sim::kNobody, sim::kNobody, s);
  const auto up = least_delay(link.a_to_b), down = least_delay(link.b_to_a);
  if (!up || !down) return std::nullopt;
  const bool back = std::all_of(s.devices.begin(), s.devices.end(),
                                [](const Device& d) { return d.ml_result == scenario::MlResult::device; });
  return back ? *up + *down : *up;
}

}  // namespace xedgesim::system
