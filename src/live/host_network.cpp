#include "live/host_network.h"

#include <fmt/format.h>

#include "base/error.h"
#include "scenario/port_forward.h"
#include "system/switch_config.h"

namespace xedgesim::live {
namespace {

Uplink::Config uplink_config(const system::System& system, const lan::Responder& responder) {
  const scenario::Scenario& s = system.scenario();
  const lan::Responder::Config& lan = responder.config();
  Uplink::Config c{.ip = lan.ip, .mac = responder.mac(), .prefix = lan.prefix};
  c.outside = s.network.lan && s.network.lan->uplink;
  c.host_loopback = s.network.lan && s.network.lan->host_loopback;
  for (const auto& h : lan.hosts) c.machines.push_back({h.ip, h.mac});
  for (const system::MachineNode& m : system.ethernet().machines())
    for (const std::string& text : m.group->ports) {
      const auto p = scenario::parse_port_forward(text).value();
      c.forwards.push_back({.node = m.id,
                            .written = text,
                            .udp = p.udp,
                            .host_ip = system::parse_ipv4(p.host_ip).value(),
                            .host_port = p.host_port,
                            .ip = m.address.cards.front().ip,
                            .port = p.node_port});
    }
  return c;
}

}  // namespace

HostNetwork::HostNetwork(EventLoop& loop, system::System& system, const lan::Responder& responder)
    : loop_(loop) {
  for (system::MachineNode& m : system.ethernet().machines())
    for (size_t i = 0; m.hosted && i < m.address.cards.size(); ++i)
      cards_[m.address.cards[i].mac] = {m.hosted.get(), i};
  const Uplink::Config c = uplink_config(system, responder);
  if (!c.outside && !c.host_loopback && c.forwards.empty()) return;
  uplink_ = std::make_unique<Uplink>(c, [this](net::ethernet::Mac to, const sim::Bytes& frame) {
    const auto found = cards_.find(to);
    if (found == cards_.end()) return;
    const auto& [machine, card] = found->second;
    if (machine->to_machine) machine->to_machine(card, frame);
  });
  for (const auto& f : c.forwards)
    told_.push_back(fmt::format("{}: the host's {} port {} leads to its port {}", f.node,
                                f.udp ? "UDP" : "TCP", f.host_port, f.port));
}

void HostNetwork::add_device(system::MachineNode& node, std::function<void(sim::Bytes)> frame) {
  const system::CardAddress& address = node.address.cards.front();
  Tap::Config c{.node = node.id,
                .name = node.group->interface,
                .mac = address.mac,
                .ip = address.ip,
                .prefix = address.prefix};
  if (c.name.empty()) c.name = "xs-" + node.id;
  constexpr size_t kLongest = 15;  // IFNAMSIZ less the zero
  if (c.name.size() > kLongest)
    throw ConfigError(
        fmt::format("node '{}': {} is longer than the 15 characters of a network device: set `interface`",
                    node.id, c.name));
  devices_.push_back(std::make_unique<Tap>(loop_, c, std::move(frame)));
  Tap& device = *devices_.back();
  node.hosted->to_machine = [&device](size_t, const sim::Bytes& f) { return device.send(f); };
  node.hosted->carrier = [&device](size_t, bool up) { device.set_carrier(up); };
  node.hosted->typed = [](std::string_view) {};
  node.hosted->control = [&device](nodes::ControlCode code) {
    using nodes::ControlCode;
    device.set_carrier(code == ControlCode::recover || code == ControlCode::power_on ||
                       code == ControlCode::reset);
  };
  told_.push_back(fmt::format("{}: the host's network device {} has {}/{}", node.id, c.name,
                              system::dotted_ipv4(c.ip), c.prefix));
}

}  // namespace xedgesim::live
