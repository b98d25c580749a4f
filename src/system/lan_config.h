#pragma once
#include "lan/responder.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

/// Who gives addresses and names to the machines of a scenario on the wall clock: `network.lan`, or a network
/// of its nodes' own /24 (10.200.0.0/16 for derived addresses) whose responder has the highest free address.
/// Throws ConfigError for addresses outside that network, or that two nodes share.
lan::Responder::Config lan_config(const scenario::Scenario& scenario);

}  // namespace xedgesim::system
