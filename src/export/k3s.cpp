#include "export/k3s.h"

#include <fmt/format.h>

#include <algorithm>

#include "export/systemd.h"
#include "scenario/cards.h"
#include "system/k3s.h"

namespace xedgesim::exporter {
namespace {

using scenario::LinuxNode;

std::string address_of(const Machine& m, const Topology& t) {
  const std::string ip = scenario::declared_cards(*m.node).front().ip;
  if (ip.empty()) return t.has_lan ? m.id + "." + t.lan.domain : m.id;
  return ip.find(':') == std::string::npos ? ip : "[" + ip + "]";
}

const Machine* server_of(const Machine& agent, const Topology& t) {
  const std::string wanted = agent.node->k3s ? agent.node->k3s->server : "";
  for (const Machine& m : t.machines)
    if (m.node && m.node->role == LinuxNode::Role::k3s_server &&
        (wanted.empty() || m.node->id == wanted || m.id == wanted))
      return &m;
  return nullptr;
}

Unit unit_of(const K3sNode& n) {
  Unit u;
  u.description = fmt::format("k3s {} of {}", n.server ? "server" : "agent", n.machine->id);
  u.unit = {{"After", "network-online.target"}, {"Wants", "network-online.target"}};
  u.service = {{"Type", n.server ? "notify" : "exec"},
               {"KillMode", "process"},
               {"Delegate", "yes"},
               {"LimitNOFILE", "1048576"},
               {"TasksMax", "infinity"},
               {"TimeoutStartSec", "0"},
               {"Restart", "always"},
               {"RestartSec", "5s"}};
  u.command = n.command;
  u.command[0] = "/usr/local/bin/k3s";
  return u;
}

}  // namespace

std::vector<K3sNode> k3s_nodes(const Topology& t) {
  std::vector<K3sNode> out;
  for (const bool servers : {true, false})
    for (const Machine& m : t.machines) {
      if (!m.node || m.node->role != (servers ? LinuxNode::Role::k3s_server : LinuxNode::Role::k3s_agent))
        continue;
      K3sNode n{.machine = &m, .server = servers, .server_address = {}, .command = {}};
      if (!servers) {
        const Machine* server = server_of(m, t);
        if (!server)
          throw ExportError(m.where + ".k3s.server", "no node with role: k3s-server has that name: name one");
        n.server_address = fmt::format("https://{}:{}", address_of(*server, t), system::kK3sPort);
      }
      n.command = system::k3s_arguments(*m.node, m.id, n.server_address, kK3sTokenFile);
      n.command.insert(n.command.begin(), "k3s");
      out.push_back(std::move(n));
    }
  return out;
}

void add_k3s(const scenario::Scenario& s, const Topology& t, const SecretSource& secret, Result& result) {
  const auto nodes = k3s_nodes(t);
  if (nodes.empty()) return;
  const std::string written = system::k3s_written_token(s);
  result.files.push_back({.path = "k3s/token",
                          .text = written.empty() ? secret() + "\n" : written,
                          .mode = 0600,
                          .keep = written.empty()});
  for (const K3sNode& n : nodes) {
    const std::filesystem::path folder = std::filesystem::path("k3s") / n.machine->id;
    result.add(folder / "etc/systemd/system/k3s.service", unit_of(n).text());
    if (!n.machine->node->k3s) continue;
    if (n.server && n.machine->node->k3s->pod_limits)
      result.add(folder / "var/lib/rancher/k3s/server/manifests/xedgesim-limits.yaml",
                 system::k3s_limit_range(*n.machine->node->k3s->pod_limits));
    for (const auto& m : n.machine->node->k3s->manifests) {
      if (!n.server) {
        result.warn(n.machine->where + ".k3s.manifests",
                    "agents apply no manifests: write them at the server");
        break;
      }
      result.files.push_back({.path = folder / "var/lib/rancher/k3s/server/manifests" /
                                      (file_name(m.resolved.stem().string()) + ".yaml"),
                              .copy_of = m.resolved});
    }
  }
  result.add(
      "k3s/README.md",
      fmt::format(
          "# k3s\n\nk3s itself is not part of this: put its binary at /usr/local/bin/k3s of every machine, "
          "then "
          "for each machine copy its folder here onto its root and `token` to {} (owner root, mode "
          "0600), and run `systemctl enable --now k3s`. `kubectl get nodes` on the server lists the "
          "machines. These files were checked with a stand-in for the binary only; k3s was never run.\n",
          kK3sTokenFile));
}

}  // namespace xedgesim::exporter
