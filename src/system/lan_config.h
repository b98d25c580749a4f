#pragma once
#include "lan/responder.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

/// Who gives addresses and names to the machines of a scenario on the wall clock, one for each network: that
/// of `network.lan` first, or a network of the nodes' own /24 (10.200.0.0/16 for derived addresses) whose
/// responder has the highest free address. There are several only where a node has several cards or a prefix
/// of its own. At least one.
/// Throws ConfigError for addresses outside their network, or that two nodes share.
std::vector<lan::Responder::Config> lan_configs(const scenario::Scenario& scenario);

}  // namespace xedgesim::system
