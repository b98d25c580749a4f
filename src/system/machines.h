#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nodes/vm_node.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

/// A Linux machine of the built system.
struct MachineNode {
  std::string id;
  const scenario::LinuxNode* group = nullptr;
  sim::ParticipantId participant = sim::kNobody;
  std::unique_ptr<nodes::VmNode> node;
};

/// Throws ConfigError when the machine asks for something that is not repeatable in virtual time, or that
/// this version does not have, with what to change.
void check_repeatable(const scenario::LinuxNode& node);

/// What a machine knows of its network.
struct MachineAddress {
  std::string mac, ip;
  int64_t prefix = 24;
  std::vector<std::string> hosts;  ///< lines of /etc/hosts
};
nodes::VmNode::Config machine_config(const scenario::LinuxNode& node, const std::string& id,
                                     const MachineAddress& address);

/// Shortest time in which a machine of the scenario can be felt by its neighbour, at most 1 ms: the least
/// latency of their cables. None without machines. Throws ConfigError for a cable whose latency is too short
/// to let a machine run at all.
std::optional<Duration> machine_window(const scenario::Scenario& scenario);

/// Switches all machines on. QEMU's own files go to `folder`. Throws ConfigError when QEMU or an image is
/// missing, SimulationError when a machine does not start.
void connect_machines(std::vector<MachineNode>& machines, const std::filesystem::path& plugin,
                      const std::filesystem::path& folder);

}  // namespace xedgesim::system
