#pragma once
#include <map>

#include "net/ethernet/switch.h"
#include "net/link/port_queues.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

/// A MAC address of the locally administered kind QEMU uses (52:54:00:…), a function of the name alone.
net::ethernet::Mac derived_mac(const std::string& name);
/// IPv4 address as a number; nothing for anything else.
std::optional<uint32_t> parse_ipv4(const std::string& text);

/// What is plugged into a port.
struct PortPlug {
  bool end_station = false;
  int64_t rate_bps = 0;  ///< of the cable; 0: unlimited
};
/// `ports` are the names of all ports in order. Throws ConfigError with the switch's name.
net::ethernet::SwitchConfig switch_config(const scenario::Switch& s, const std::vector<std::string>& ports,
                                          const std::vector<PortPlug>& plugs);

/// The queues of a port, and, when some of them have a guaranteed rate, the classes that stand for them in
/// the link's parameters.
net::PortQueues port_queues(const scenario::SwitchQos& qos);
void apply_guarantees(const std::string& port, const scenario::SwitchQos& qos,
                      net::LinkParameters& parameters);

}  // namespace xedgesim::system
