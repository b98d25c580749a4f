#include "system/wiring.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "system/impairments.h"
#include "system/located.h"

namespace xedgesim::system {
namespace {

enum class End { edge, cloud, other };

End end_of(const scenario::Scenario& s, const std::string& name) {
  if (name == "gateway" || name == "edge" || (!s.edge.empty() && name == s.edge.front().id)) return End::edge;
  if (name == "cloud" || (!s.cloud.empty() && name == s.cloud.front().id)) return End::cloud;
  return End::other;
}

bool joins_edge_and_cloud(const scenario::Scenario& s, const std::string& name,
                          const scenario::WiredLink& w) {
  std::vector<std::string> ends = w.endpoints;
  if (const size_t to = name.find("_to_"); ends.empty() && to != std::string::npos)
    ends = {name.substr(0, to), name.substr(to + 4)};
  if (ends.size() != 2) return false;
  const End a = end_of(s, ends[0]), b = end_of(s, ends[1]);
  return (a == End::edge && b == End::cloud) || (a == End::cloud && b == End::edge);
}

}  // namespace

std::optional<Wan> find_wan(const scenario::Scenario& s) {
  std::optional<Wan> wan;
  for (const auto& [name, w] : s.network.wired) {
    if (!joins_edge_and_cloud(s, name, w))
      refuse_at(
          s, "network.wired." + name,
          "this version has wired paths between the edge and the cloud only: name it gateway_to_cloud or set "
          "endpoints");
    if (wan)
      refuse_at(s, "network.wired." + name,
                fmt::format("'{}' and '{}' both join edge and cloud: keep one", wan->name, name));
    wan = Wan{.name = name, .path = w, .cloud_latency = {}};
  }
  if (s.cloud.empty() || s.edge.empty()) return std::nullopt;
  if (!wan && s.cloud.front().latency > Duration())
    wan = Wan{.name = "gateway_to_cloud", .path = {}, .cloud_latency = {}};
  if (wan) wan->cloud_latency = s.cloud.front().latency;
  return wan;
}

net::LinkConfig wan_link(const Wan& wan, sim::ParticipantId id, sim::ParticipantId edge,
                         sim::ParticipantId cloud, const scenario::Scenario& s) {
  Directions d = link_directions(wan.path.impairments, wan.path.forward, wan.path.backward);
  d.forward.latency += wan.cloud_latency;
  d.backward.latency += wan.cloud_latency;
  // The link's end a is the edge, whichever end the scenario names first.
  const bool from_cloud = wan.path.endpoints.empty()
                              ? wan.name.find("_to_") != std::string::npos &&
                                    end_of(s, wan.name.substr(0, wan.name.find("_to_"))) == End::cloud
                              : end_of(s, wan.path.endpoints.front()) == End::cloud;
  if (from_cloud) std::swap(d.forward, d.backward);
  return {.id = id,
          .name = wan.name,
          .seed = s.meta.seed,
          .a = edge,
          .b = cloud,
          .a_to_b = d.forward,
          .b_to_a = d.backward};
}

}  // namespace xedgesim::system
