#include "system/wiring.h"

#include <fmt/format.h>

#include "base/error.h"

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
      throw ConfigError(
          fmt::format("network.wired.{}: this version has wired paths between the edge and the cloud only: "
                      "name it gateway_to_cloud or set endpoints",
                      name));
    if (wan)
      throw ConfigError(
          fmt::format("network.wired: '{}' and '{}' both join edge and cloud: keep one", wan->name, name));
    wan = Wan{.name = name, .impairments = w.impairments, .cloud_latency = {}};
  }
  if (s.cloud.empty() || s.edge.empty()) return std::nullopt;
  if (!wan && s.cloud.front().latency > Duration())
    wan = Wan{.name = "gateway_to_cloud", .impairments = {}, .cloud_latency = {}};
  if (wan) wan->cloud_latency = s.cloud.front().latency;
  return wan;
}

net::LinkParameters link_parameters(const scenario::Impairments& i, Duration extra_latency) {
  if (i.corrupt || i.duplicate || i.reorder)
    throw ConfigError(
        "network.wired: corrupt, duplicate and reorder are not available in this version: remove them");
  net::LinkParameters p;
  p.rate_bps = i.bandwidth.value_or(0);
  p.latency = i.latency.value_or(Duration()) + extra_latency;
  p.jitter = i.jitter.value_or(Duration());
  p.loss = i.loss_rate.value_or(0);
  p.queue_packets = i.queue.value_or(0);
  using Distribution = scenario::Impairments::Distribution;
  switch (i.distribution.value_or(Distribution::uniform)) {
    case Distribution::uniform:
      p.distribution = net::LinkParameters::Jitter::uniform;
      break;
    case Distribution::normal:
      p.distribution = net::LinkParameters::Jitter::normal;
      break;
    default:
      throw ConfigError("network.wired: jitter distributions are uniform and normal in this version");
  }
  if (p.jitter == Duration()) p.distribution = net::LinkParameters::Jitter::none;
  return p;
}

net::LinkConfig wan_link(const Wan& wan, sim::ParticipantId id, sim::ParticipantId edge,
                         sim::ParticipantId cloud, const scenario::Scenario& s) {
  const net::LinkParameters p = link_parameters(wan.impairments, wan.cloud_latency);
  return {.id = id, .name = wan.name, .seed = s.meta.seed, .a = edge, .b = cloud, .a_to_b = p, .b_to_a = p};
}

}  // namespace xedgesim::system
