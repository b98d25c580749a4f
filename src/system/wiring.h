#pragma once
#include <optional>
#include <string>

#include "net/link/link.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

/// The wired path between the edge and the cloud.
struct Wan {
  std::string name;
  scenario::WiredLink path;
  Duration cloud_latency;  ///< of the cloud node, one way, on top of the path's
};

/// None without a cloud, or when neither a path nor a latency is declared: then messages arrive at once.
/// Throws ConfigError for a wired path between anything else.
std::optional<Wan> find_wan(const scenario::Scenario& scenario);
net::LinkConfig wan_link(const Wan& wan, sim::ParticipantId id, sim::ParticipantId edge,
                         sim::ParticipantId cloud, const scenario::Scenario& scenario);

}  // namespace xedgesim::system
