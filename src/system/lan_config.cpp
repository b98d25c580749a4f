#include "system/lan_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "scenario/expand.h"
#include "system/edge_container.h"
#include "system/ethernet.h"
#include "system/located.h"
#include "system/switch_config.h"

namespace xedgesim::system {

lan::Responder::Config lan_config(const scenario::Scenario& s) {
  lan::Responder::Config c;
  bool derived = false;
  for (size_t i = 0; i < s.nodes.size(); ++i)
    for (int64_t k = 0; k < s.nodes[i].count; ++k) {
      const std::string id = scenario::member_id(s.nodes[i].id, s.nodes[i].count, k);
      const lan::Responder::Host host{.name = shown_name(id), .mac = node_mac(s, id), .ip = node_ip(s, id)};
      for (const auto& other : c.hosts)
        if (other.ip == host.ip || other.mac == host.mac)
          refuse_at(s, fmt::format("nodes[{}]", i),
                    fmt::format("node '{}' has the {} of '{}': give it another", id,
                                other.ip == host.ip ? "ip" : "mac", other.name));
      derived = derived || s.nodes[i].ip.empty();
      c.hosts.push_back(host);
    }
  c.gateway = std::any_of(s.nodes.begin(), s.nodes.end(), [](const auto& n) { return !n.ports.empty(); });
  if (const auto& lan = s.network.lan) {
    c.gateway = c.gateway || lan->uplink;
    c.foreign_names = lan->uplink;
    c.prefix = static_cast<int>(lan->prefix);
    c.ip = parse_ipv4(lan->host_ip).value_or(0);
    c.domain = lan->domain;
  } else {
    c.prefix = derived ? 16 : 24;
    c.domain = scenario::Lan().domain;
    if (c.hosts.empty()) return c;
    const uint32_t mask = 0xffffffffu << (32 - c.prefix);
    c.ip = (c.hosts.front().ip | ~mask) - 1;
    const auto taken = [&] {
      return std::any_of(c.hosts.begin(), c.hosts.end(), [&](const auto& h) { return h.ip == c.ip; });
    };
    while (taken()) --c.ip;
  }
  if (c.prefix < 1 || c.prefix > 30)
    throw ConfigError(fmt::format("network.lan: a prefix of {} leaves no room: use 1 to 30", c.prefix));
  const uint32_t mask = 0xffffffffu << (32 - c.prefix);
  const auto dotted = [](uint32_t ip) {
    return fmt::format("{}.{}.{}.{}", ip >> 24, ip >> 16 & 0xff, ip >> 8 & 0xff, ip & 0xff);
  };
  for (const auto& h : c.hosts)
    if ((h.ip & mask) != (c.ip & mask) || h.ip == (c.ip | ~mask) || h.ip == (c.ip & mask))
      throw ConfigError(fmt::format(
          "node '{}': {} is no address for a machine of {}/{}: choose another, or set network.lan", h.name,
          dotted(h.ip), dotted(c.ip), c.prefix));
  return c;
}

}  // namespace xedgesim::system
