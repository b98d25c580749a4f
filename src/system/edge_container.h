#pragma once
#include <string>

#include "scenario/scenario.h"

namespace xedgesim::system {

/// An edge node of type docker or process is short for one of type machine, a node of type container or
/// process, and a cable between the two; this is the long form. Addresses that nobody chose are taken from
/// the upper end of the nodes' network. Throws ConfigError for what would not pass the simulated network.
scenario::Scenario with_edge_containers(scenario::Scenario scenario);

/// The node that is an edge node's container, and the name it is shown by: the edge node's.
std::string container_of(const std::string& edge);
std::string shown_name(const std::string& node);

}  // namespace xedgesim::system
