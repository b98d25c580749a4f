#pragma once
#include <string>
#include <vector>

#include "scenario/scenario.h"
#include "web/json_text.h"

namespace xedgesim::web {

/// The system of a scenario as a graph, with a place for every node in a drawing.
///
/// Radio devices and their gateways stand where the scenario places them, wired nodes around their switches,
/// services to the right. Limits: links are drawn as declared, not what routing makes of them; waypoints are
/// not shown; more than kMostDevices devices are drawn as one node a group.
struct Topology {
  static constexpr size_t kMostDevices = 300;

  struct Node {
    std::string id, label;
    std::string
        kind;  ///< device, gateway, edge, cloud, machine, container, process, host, model, switch, interferer
    std::string detail;  ///< what else is known, for people
    double x = 0, y = 0;
  };
  struct Edge {
    std::string from, to;
    std::string kind;  ///< radio, cable or path (between edge and cloud)
    std::string label;
  };
  std::vector<Node> nodes;
  std::vector<Edge> edges;
  double width = 0, height = 0;
};

Topology topology_of(const scenario::Scenario& scenario);
Json to_json(const Topology& topology);
/// For pages without a graph library.
std::string topology_svg(const Topology& topology);

}  // namespace xedgesim::web
