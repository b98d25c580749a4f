#pragma once
#include <memory>
#include <string>
#include <vector>

#include "net/ethernet/switch_node.h"
#include "net/link/link.h"
#include "nodes/traffic_host.h"
#include "scenario/scenario.h"
#include "sim/scheduler.h"
#include "system/addresses.h"
#include "system/hosted_switch.h"
#include "system/machines.h"

namespace xedgesim::system {

/// The wired part of a scenario: `switches`, `links` and `nodes`, built and attached to a scheduler.
class EthernetNetwork {
 public:
  /// Names of the participants the sections need.
  static std::vector<std::string> participant_names(const scenario::Scenario& scenario);
  /// Those of all flows between model nodes, in the order of flows(): the id (of a node that there are
  /// several of: NODE_id), else FROM_to_TO, numbered from the second on.
  static std::vector<std::string> flow_names(const scenario::Scenario& scenario);
  /// Throws ConfigError for what cannot be built, with what to change. Machines tell `observer` what they
  /// print.
  EthernetNetwork(const scenario::Scenario& scenario, sim::Scheduler& scheduler, sim::ParticipantId observer);

  struct Cable {
    std::unique_ptr<net::Link> link;
    std::string a, b;  ///< nodes at its ends; empty: a switch
  };
  struct Flow {
    std::string name, from, to;
    bool round_trip = false;
  };
  const std::vector<Cable>& cables() const { return cables_; }
  const std::vector<std::unique_ptr<net::ethernet::SwitchNode>>& switches() const { return switches_; }
  /// Those that somebody else is; the others are in switches().
  const std::vector<std::unique_ptr<HostedSwitch>>& hosted_switches() const { return hosted_switches_; }
  const std::vector<std::unique_ptr<nodes::TrafficHost>>& hosts() const { return hosts_; }
  std::vector<MachineNode>& machines() { return machines_; }
  const std::vector<MachineNode>& machines() const { return machines_; }
  const std::vector<Flow>& flows() const { return flows_; }  ///< by TrafficFlow::id

 private:
  struct Plug;
  class Builder;
  std::vector<Cable> cables_;
  std::vector<std::unique_ptr<net::ethernet::SwitchNode>> switches_;
  std::vector<std::unique_ptr<HostedSwitch>> hosted_switches_;
  std::vector<std::unique_ptr<nodes::TrafficHost>> hosts_;
  std::vector<MachineNode> machines_;
  std::vector<Flow> flows_;
};

}  // namespace xedgesim::system
