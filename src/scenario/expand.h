#pragma once
#include "scenario/scenario.h"

namespace xedgesim::scenario {

/// One device after count expansion.
struct DeviceInstance {
  std::string id;    ///< `vib_3`, or the group's id when its count is 1
  size_t group = 0;  ///< index into Scenario::devices
  size_t index = 0;  ///< within the group, from 0
  Position position;
  DeviceConfig config;  ///< the group's, with short_address counted up
  double clock_drift_ppm = 0;
};

/// Ids of a group's members: `id` when the count is 1, else `id_1` … `id_N`.
std::string member_id(const std::string& group, int64_t count, int64_t index);

/// All devices in declaration order, with positions. Groups on a grid (or line) of equal origin and
/// spacing share its points: the next group goes on where the one before ended.
/// Grid: points nearest the origin first, the origin itself left to the gateway, ties by (y, x).
/// Random draws depend on (seed, device id) alone.
std::vector<DeviceInstance> expand_devices(const Scenario& scenario);

/// The N points of a grid in that order, relative to the origin.
std::vector<Position> grid_points(size_t count, double spacing_m);

enum class NodeClass { device, edge, cloud, linux_node, switch_, link, interferer };

struct NamedNode {
  std::string id;
  NodeClass kind;
  bool operator==(const NamedNode&) const = default;
};

/// Everything that can be a target, in declaration order: devices, edge, cloud, Linux nodes, switches,
/// links (and wired paths), interferers.
std::vector<NamedNode> all_names(const Scenario& scenario);

/// Ids and classes meant by `targets` (id, group id, glob, `device_N` = N-th device when nothing has that
/// id), in order of first mention, without repetition. Names that mean nothing go to `unknown`.
std::vector<NamedNode> resolve_targets(const Scenario& scenario, const Targets& targets,
                                       std::vector<std::string>* unknown = nullptr);

/// Shell-like: * any text, ? any character.
bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace xedgesim::scenario
