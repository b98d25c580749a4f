#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "net/link/parameters.h"
#include "scenario/scenario.h"

namespace xedgesim::exporter {

/// Names of Linux network devices (at most 15 bytes), functions of the scenario alone: `xs-` and the text,
/// cut and given four digits of its hash where it is too long, holds a '.', or is taken. They never begin
/// with `vnet`, which libvirt keeps for itself.
class DeviceNames {
 public:
  std::string name(const std::string& text);

 private:
  std::map<std::string, std::string> names_;
  std::set<std::string> taken_;
};

/// A machine's network card, and where its cable goes.
struct Card {
  std::string interface {};  ///< in the machine: eth0
  std::string device{};      ///< the cable's end on the host
  std::string mac{};
  std::string ip{};                 ///< fixed address; may be empty
  std::optional<int64_t> prefix{};  ///< of a network of its own; else of network.lan, or 24
  const scenario::Qos* qos = nullptr;
  std::string bridge{};  ///< name of the host's bridge it is plugged into
  std::string link{};    ///< id; empty: no link names it
  std::string where{};   ///< path of the link, or of the node
  const scenario::Switch* at = nullptr;
  std::string port_name{};
  const scenario::SwitchPort* port = nullptr;  ///< null: the switch does not list it
  net::LinkParameters towards{}, from{};       ///< what the cable does towards the machine, and from it
};

/// Anything with network cards: one of `nodes` after count expansion, or an edge, cloud or external node that
/// a link names.
struct Machine {
  std::string id;
  const scenario::LinuxNode* node = nullptr;
  std::string where;
  std::vector<Card> cards;
};

/// A cable between two switches: a veth pair on the host.
struct Trunk {
  std::string link{}, where{};
  struct End {
    const scenario::Switch* at = nullptr;
    std::string port_name, device;
    const scenario::SwitchPort* port = nullptr;
  } a{}, b{};
  net::LinkParameters forward{}, backward{};  ///< from a to b and back
};

/// A port a switch lists and no cable is plugged into: an internal device of the host, for its tools.
struct LoosePort {
  const scenario::Switch* at = nullptr;
  const scenario::SwitchPort* port = nullptr;
  std::string device{};
};

/// A bridge of the host: a switch of the scenario, the management network, or a cable between two machines.
struct Bridge {
  std::string name, where;
  const scenario::Switch* of = nullptr;
  bool lan = false;                  ///< carries the management network
  std::vector<std::string> bonds{};  ///< names for the switch's lags, in their order
};

/// The scenario's wired network in terms of a Linux host.
///
/// Limit: the impairments of `network.wired` (edge to cloud) are no Ethernet cables and are left out.
struct Topology {
  std::vector<Machine> machines;
  std::vector<Trunk> trunks;
  std::vector<LoosePort> loose;
  std::vector<Bridge> bridges;
  scenario::Lan lan;
  bool has_lan = false;  ///< network.lan was written

  const Bridge* bridge(const std::string& name) const;
};

/// Throws ExportError for bridge names Linux does not take.
Topology make_topology(const scenario::Scenario& scenario);

/// The port a switch lists under that name, or null.
const scenario::SwitchPort* find_port(const scenario::Switch& s, const std::string& name);
/// A port's shaping: its own, else the switch's, else null.
const scenario::SwitchQos* port_qos(const scenario::Switch& s, const scenario::SwitchPort* port);
/// Whether the switch tells VLANs apart.
bool vlan_aware(const scenario::Switch& s);

}  // namespace xedgesim::exporter
