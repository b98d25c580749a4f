#pragma once
#include <functional>

#include "export/result.h"
#include "export/topology.h"

namespace xedgesim::exporter {

/// Gives 64 hex digits nobody can guess. From outside, because src/export takes no randomness of its own.
using SecretSource = std::function<std::string()>;

/// What a machine with a k3s role is started with.
struct K3sNode {
  const Machine* machine = nullptr;
  bool server = false;
  std::string server_address;        ///< https://…:6443; agents only
  std::vector<std::string> command;  ///< k3s server|agent and its flags
};
/// Nodes with a role, servers first. Throws ExportError for an agent whose server has neither an address nor
/// a name.
std::vector<K3sNode> k3s_nodes(const Topology& topology);

constexpr const char* kK3sTokenFile = "/etc/rancher/k3s/token";

/// k3s/NODE/… : k3s.service, config for the node's disk as it is to lie there, and k3s/token: one secret for
/// the cluster, mode 0600, drawn once and then kept; a token of the scenario is written as it is. Nothing
/// when no node has a role.
///
/// k3s itself is not fetched and was never run: the unit starts /usr/local/bin/k3s.
void add_k3s(const scenario::Scenario& scenario, const Topology& topology, const SecretSource& secret,
             Result& result);

}  // namespace xedgesim::exporter
