#pragma once
#include <map>
#include <set>

#include "export/result.h"
#include "export/shell.h"
#include "export/topology.h"

namespace xedgesim::exporter {

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

/// The flows and meters of one switch; `queues` are the 802.1p priorities that have a queue somewhere.
void add_flows(Script& script, const std::string& bridge, const scenario::Switch& s,
               const std::vector<OvsPort>& ports, const std::set<int64_t>& queues, const std::string& where,
               Result& result);

}  // namespace xedgesim::exporter
