#pragma once
#include <set>
#include <string>
#include <vector>

#include "scenario/linux_node.h"
#include "scenario/network.h"

namespace xedgesim::system {

/// A port of an Open vSwitch bridge.
struct OvsPort {
  std::string name{};    ///< in the scenario
  std::string device{};  ///< on the host
  const scenario::SwitchPort* port = nullptr;
  std::string where{};
  int number = 0;  ///< OpenFlow port
  bool internal = false, station = false;
  int64_t rate_bps = 0;                                               ///< of the cable
  const scenario::Bandwidth *inbound = nullptr, *outbound = nullptr;  ///< of the machine plugged in
};

/// Access rules, storm control, ingress limits and queues of a switch as flows and OpenFlow 1.3 meters, which
/// hold on the user-space datapath as well (ingress_policing_rate does not).
struct OvsFlows {
  struct Left {
    std::string where, text;
  };
  std::vector<std::vector<std::string>> commands{};  ///< of ovs-ofctl, one after the other
  std::vector<Left> left_out{};                      ///< what flows cannot do, or do in another way
};

/// `queues` are the 802.1p priorities that have a queue somewhere; `where` is the switch's path in the
/// scenario.
OvsFlows ovs_flows(const std::string& bridge, const scenario::Switch& s, const std::vector<OvsPort>& ports,
                   const std::set<int64_t>& queues, const std::string& where);

}  // namespace xedgesim::system
