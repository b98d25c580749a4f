#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nodes/vm_node.h"
#include "scenario/scenario.h"
#include "system/addresses.h"
#include "system/hosted_machine.h"
#include "system/k3s.h"
#include "vm/image/guest_settings.h"

namespace xedgesim::system {

/// What a machine knows of its network.
struct MachineAddress {
  std::vector<CardAddress> cards{};  ///< at least one
  std::string gateway{};             ///< the way to other networks; may be empty
  std::vector<std::string> hosts{};  ///< lines of /etc/hosts
};

/// A Linux machine of the built system.
struct MachineNode {
  std::string id;  ///< of an edge node's own container: the edge node's
  bool of_edge = false;
  const scenario::LinuxNode* group = nullptr;
  sim::ParticipantId participant = sim::kNobody;
  MachineAddress address{};
  std::unique_ptr<nodes::VmNode> node{};    ///< in virtual time
  std::unique_ptr<HostedMachine> hosted{};  ///< on the wall clock; run by src/live
};

/// It says so, or it leaves the clock to us (auto) and has containers or processes.
bool on_wall_clock(const scenario::Scenario& scenario);
/// A container or processes of the host: neither boots, and neither can keep virtual time.
bool of_the_host(const scenario::LinuxNode& node);

/// Throws ConfigError for what connects the simulated network with the host's where that is not repeatable:
/// `ports`, nodes of type host, network.lan.uplink and host_loopback in virtual time.
void refuse_host_network(const scenario::Scenario& scenario);

/// Throws ConfigError when the machine asks for something that is not repeatable in virtual time, or that
/// this version does not have, with what to change.
void check_repeatable(const scenario::LinuxNode& node);

/// Likewise on the wall clock: what this version does not have there.
void check_hosted(const scenario::LinuxNode& node);

vm::Arch arch_of(const scenario::LinuxNode& node);
std::vector<std::string> macs_of(const MachineAddress& address);
/// Files that are laid over its image; on the wall clock it asks for address and names by DHCP.
vm::GuestSettings guest_settings(const scenario::LinuxNode& node, const std::string& id,
                                 const MachineAddress& address, bool wall_clock,
                                 const K3sPlan* k3s = nullptr);
nodes::VmNode::Config machine_config(const scenario::LinuxNode& node, const std::string& id,
                                     const MachineAddress& address, const K3sPlan* k3s = nullptr);

/// Shortest time in which a machine of the scenario can be felt by its neighbour, at most 1 ms: the least
/// latency of their cables. None without machines. Throws ConfigError for a cable whose latency is too short
/// to let a machine run at all.
std::optional<Duration> machine_window(const scenario::Scenario& scenario);

/// What machines in virtual time need of their host.
struct MachineHost {
  std::filesystem::path plugin;
  std::filesystem::path folder;                  ///< for QEMU's own files
  const vm::SnapshotStore* snapshots = nullptr;  ///< of their boots; null: they boot in full
  bool take_turns = false;                       ///< the simulation has one thread
};

/// Switches all machines on. Throws ConfigError when QEMU or an image is missing, SimulationError when a
/// machine does not start.
void connect_machines(std::vector<MachineNode>& machines, const MachineHost& on);

}  // namespace xedgesim::system
