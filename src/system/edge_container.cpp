#include "system/edge_container.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "system/located.h"
#include "system/switch_config.h"

namespace xedgesim::system {
namespace {

constexpr std::string_view kContainer = ".container", kOwnCable = ".cable";
constexpr const char* kModelInImage = "/opt/model";  // with the file's extension
constexpr uint32_t kDerivedTop = 0x0ac8fff0;         // 10.200.255.240, in the network of derived addresses

std::string text_of(uint32_t ip) {
  return fmt::format("{}.{}.{}.{}", ip >> 24, ip >> 16 & 0xff, ip >> 8 & 0xff, ip & 0xff);
}

/// The highest address of the nodes' network that nobody has and that is not the host's.
std::string free_address(const scenario::Scenario& s) {
  uint32_t top = kDerivedTop;
  if (const auto& lan = s.network.lan) {
    const uint32_t mask = 0xffffffffu << (32 - lan->prefix);
    top = (parse_ipv4(lan->host_ip).value_or(0) | ~mask) - 1;
  } else {
    for (const scenario::LinuxNode& n : s.nodes)
      if (const auto ip = parse_ipv4(n.ip)) top = (*ip | 0xff) - 2;  // .254 is the responder's
  }
  const auto taken = [&](uint32_t ip) {
    const std::string text = text_of(ip);
    return (s.network.lan && s.network.lan->host_ip == text) ||
           std::any_of(s.nodes.begin(), s.nodes.end(),
                       [&](const auto& n) {
                         return n.ip == text || n.gateway == text ||
                                std::any_of(n.interfaces.begin(), n.interfaces.end(),
                                            [&](const auto& c) { return c.ip == text; });
                       }) ||
           std::any_of(s.edge.begin(), s.edge.end(), [&](const auto& e) { return e.ip == text; });
  };
  while (taken(top)) --top;
  return text_of(top);
}

scenario::LinuxNode container_node(const scenario::EdgeNode& e) {
  scenario::LinuxNode n;
  n.id = container_of(e.id);
  n.description = e.description;
  n.type = e.type == scenario::EdgeNode::Type::docker ? scenario::LinuxNode::Type::container
                                                      : scenario::LinuxNode::Type::process;
  n.image = e.image;
  n.command = e.command;
  n.environment = e.environment;
  n.volumes = e.volumes;
  n.folder = e.folder;
  n.cpu_quota = e.cpus;
  if (e.memory) n.memory_limit = scenario::MemoryLimit{.hard = e.memory, .soft = {}};
  n.health = e.health;
  if (!e.ml_model.empty() && !n.environment.contains("ML_MODEL")) {
    const std::string place = kModelInImage + e.ml_model.resolved.extension().string();
    n.volumes.push_back(fmt::format("{}:{}:ro", e.ml_model.resolved.string(), place));
    n.environment["ML_MODEL"] = place;
  }
  return n;
}

}  // namespace

std::string container_of(const std::string& edge) { return edge + std::string(kContainer); }

std::string shown_name(const std::string& node) {
  return node.ends_with(kContainer) ? node.substr(0, node.size() - kContainer.size()) : node;
}

scenario::Scenario with_edge_containers(scenario::Scenario s) {
  using T = scenario::EdgeNode::Type;
  for (size_t i = 0; i < s.edge.size(); ++i) {
    scenario::EdgeNode& e = s.edge[i];
    if (e.type != T::docker && e.type != T::process) continue;
    const std::string path = fmt::format("edge[{}]", i);
    if (e.network_mode == "host")
      refuse_at(
          s, path,
          fmt::format("edge node '{}': network_mode: host would go past the simulated network: use bridge",
                      e.id));
    for (const scenario::Link& l : s.links)
      for (const std::string& end : l.endpoints)
        if (end.starts_with(e.id + ":"))
          refuse_at(s, path,
                    fmt::format(
                        "edge node '{}': its container has a cable of its own; for another wiring use type: "
                        "machine and a node of type container",
                        e.id));
    scenario::LinuxNode n = container_node(e);
    if (e.ip.empty()) e.ip = free_address(s);
    n.ip = free_address(s);
    scenario::Link cable;
    cable.id = e.id + std::string(kOwnCable);
    cable.endpoints = {e.id + ":eth0", n.id + ":eth0"};
    e.type = T::machine;
    e.machine = n.id;
    s.nodes.push_back(std::move(n));
    s.links.push_back(std::move(cable));
  }
  return s;
}

}  // namespace xedgesim::system
