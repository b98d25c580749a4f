#pragma once
#include <string_view>
#include <unordered_map>
#include <utility>

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

/// Ids of a group's members: `id` when the count is 1, else `id_1` … `id_N` (index from 0).
std::string member_id(const std::string& group, int64_t count, int64_t index);

/// All devices in declaration order, with positions. Groups on a grid (or line) of equal origin and
/// spacing share its points: the next group goes on where the one before ended.
/// Grid: points nearest the origin first, the origin itself left to the gateway, ties by (y, x).
/// Line: along x from the origin, which stays free. Circle: evenly, from the x axis counter-clockwise.
/// Random: uniform over the disc, at least 1 m from its centre; depends on (seed, device id) alone.
std::vector<DeviceInstance> expand_devices(const Scenario& scenario);

/// The N points of a grid in that order, relative to the origin.
std::vector<Position> grid_points(size_t count, double spacing_m);

enum class NodeClass { device, edge, cloud, linux_node, switch_, link, interferer, gateway };

struct NamedNode {
  std::string id;
  NodeClass kind;
  bool operator==(const NamedNode&) const = default;
};

/// Everything that can be a target: devices, edge, cloud, Linux nodes, switches, links (wired paths
/// included), interferers, gateways, each in declaration order.
class NameTable {
 public:
  explicit NameTable(const Scenario& scenario);
  const std::vector<NamedNode>& all() const { return all_; }
  /// What a single name means: an id, a group id, a glob, or `device_N` = N-th device when nothing has that
  /// id. Empty when it means nothing.
  std::vector<NamedNode> resolve(const std::string& name) const;
  /// In order of first mention, without repetition. Names that mean nothing go to `unknown`.
  std::vector<NamedNode> resolve(const Targets& targets, std::vector<std::string>* unknown = nullptr) const;
  /// The first group ids and ids, for suggestions.
  std::vector<std::string> names(size_t most) const;

 private:
  void add(std::string id, NodeClass kind);
  void add_group(const std::string& id, int64_t count, NodeClass kind);
  std::vector<NamedNode> all_;
  std::unordered_map<std::string, size_t> index_;
  std::unordered_map<std::string, std::pair<size_t, size_t>> groups_;  // first, count
  std::vector<std::string> group_names_;
  size_t devices_ = 0;
};

/// The two nodes of a wired path: its endpoints, else the name `A_to_B`, where `gateway` and `edge` are the
/// first edge node and `cloud` the first cloud node. Nothing when the name says nothing.
std::optional<std::pair<std::string, std::string>> wired_endpoints(const Scenario& scenario,
                                                                   const NameTable& names,
                                                                   const std::string& path);

/// Shell-like: * any text, ? any character.
bool glob_match(std::string_view pattern, std::string_view text);
bool is_glob(std::string_view pattern);

}  // namespace xedgesim::scenario
