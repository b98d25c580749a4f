#include <algorithm>
#include <map>

#include "scenario/check.h"
#include "scenario/codecs.h"
#include "scenario/metric_names.h"
#include "scenario/port_forward.h"

namespace xedgesim::scenario {
namespace {

void check_native_services(Check& check, const std::vector<std::string>& services, const std::string& path) {
  const auto known = names_of(native_services());
  for (size_t i = 0; i < services.size(); ++i) {
    if (std::find(known.begin(), known.end(), services[i]) != known.end()) continue;
    const std::string hint = did_you_mean(services[i], known);
    check.error(at("{}.services[{}]", path, i), "there is no native service '{}'{}", services[i],
                hint.empty() ? " — known: " + name_list(known) : hint);
  }
}

bool has(const std::vector<std::string>& services, const char* name) {
  return std::find(services.begin(), services.end(), name) != services.end();
}

void check_volumes(Check& check, const std::vector<std::string>& volumes, const std::string& path) {
  for (size_t i = 0; i < volumes.size(); ++i) {
    const size_t colon = volumes[i].find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == volumes[i].size())
      check.error(at("{}.volumes[{}]", path, i),
                  "'{}' is no volume: write HOST:CONTAINER or HOST:CONTAINER:ro", volumes[i]);
  }
}

/// Keys that nodes of this type do not have.
void check_keys_of_type(Check& check, const LinuxNode& n, const std::string& path) {
  using T = LinuxNode::Type;
  const auto refuse = [&](const char* key, const char* why) {
    check.error(at("{}.{}", path, key), "{}", why);
  };
  if (n.type == T::container || n.type == T::process) {
    const LinuxNode usual;
    const std::pair<const char*, bool> keys[] = {
        {"memory", n.memory != usual.memory},       {"vcpus", n.vcpus != usual.vcpus},
        {"cpu_model", !n.cpu_model.empty()},        {"kernel", !n.kernel.empty()},
        {"kernel_args", !n.kernel_args.empty()},    {"disks", !n.disks.empty()},
        {"disk_bus", n.disk_bus != usual.disk_bus}, {"extra_disk_size", n.extra_disk_size.has_value()}};
    for (const auto& [key, written] : keys)
      if (written)
        refuse(key, "this is for nodes of type vm: remove it (memory_limit and cpu_quota limit the others)");
  } else if (n.health) {
    refuse("health", "this is for nodes of type container and process: remove it");
  }
  if (n.type != T::model)
    for (const char* key : {"traffic", "vlan"})
      if (check.given(at("{}.{}", path, key))) refuse(key, "this is for nodes of type model: remove it");
  if (n.type != T::vm)
    for (const char* key : {"commands", "files", "boundary"})
      if (check.given(at("{}.{}", path, key))) refuse(key, "this is for nodes of type vm: remove it");
  if ((n.type == T::model || n.type == T::host) && !n.exec.empty())
    refuse("exec", "this is for nodes of type vm, container and process: remove it");
}

/// What it is made of: without these there is nothing to start.
void check_contents(Check& check, const LinuxNode& n, const std::string& path) {
  using T = LinuxNode::Type;
  if (n.type == T::container && n.image.empty()) check.error(path, "a container needs the key 'image'");
  if (n.type == T::process && n.command.empty() && n.image.empty() && n.role == LinuxNode::Role::none)
    check.error(path, "a process needs the key 'command'");
  for (const auto& [to, from] : n.files)
    if (!to.starts_with("/") || to.ends_with("/") || to.find("/../") != std::string::npos)
      check.error(path + ".files", "'{}' is no path of a file in the machine: begin with /", to);
  if (n.type == T::vm) {
    if (n.image.empty() && n.kernel.empty() && !check.given(path + ".kernel"))
      check.warning(path, "this machine has neither 'image' nor 'kernel': there is nothing to boot");
    if (!n.image_file.empty())
      check_exists(n.image_file, check.place(path + ".image"), Path(path + ".image"), check.context());
  }
  if (!n.initrd.empty() && n.kernel.empty())
    check.error(path + ".initrd", "an initrd needs a kernel: add the key 'kernel'");
  check_volumes(check, n.volumes, path);
}

void check_traffic(Check& check, const TrafficFlow& f, const std::string& path) {
  if (check.given(path + ".rate") && check.given(path + ".interval"))
    check.error(path + ".interval", "rate and interval exclude each other: remove one");
  if (f.stop && *f.stop <= f.start)
    check.error(path + ".stop", "it stops before it starts: choose a later time");
  const bool found = std::any_of(check.s.nodes.begin(), check.s.nodes.end(), [&](const LinuxNode& other) {
    if (other.type != LinuxNode::Type::model && other.type != LinuxNode::Type::vm) return false;
    for (int64_t k = 0; k < other.count; ++k)
      if (member_id(other.id, other.count, k) == f.to) return true;
    return false;
  });
  if (!found && !f.to.empty()) check.error(path + ".to", "no node of type model or vm is named '{}'", f.to);
}

void check_limits(Check& check, const LinuxNode& n, const std::string& path) {
  if (n.memory_limit && n.memory_limit->hard && n.memory_limit->soft &&
      *n.memory_limit->soft > *n.memory_limit->hard)
    check.error(path + ".memory_limit", "soft is above hard: swap them");
  if (n.qos)
    for (const auto& [key, b] :
         {std::pair("inbound", n.qos->inbound), std::pair("outbound", n.qos->outbound)})
      if (b && b->average && b->peak && *b->peak < *b->average)
        check.error(at("{}.qos.{}", path, key), "peak is below average: raise it");
  constexpr int64_t kK3sServer = 1638ll << 20;
  if (n.role == LinuxNode::Role::k3s_server && n.type == LinuxNode::Type::vm && n.memory < kK3sServer)
    check.warning(check.given(path + ".memory") ? path + ".memory" : path,
                  "a k3s server with a workload wants about 1.6 GiB, this one has {} MiB", n.memory >> 20);
}

void check_node(Check& check, const LinuxNode& n, const std::string& path) {
  check_keys_of_type(check, n, path);
  check_contents(check, n, path);
  for (size_t i = 0; i < n.traffic.size(); ++i)
    check_traffic(check, n.traffic[i], at("{}.traffic[{}]", path, i));
  check_limits(check, n, path);
}

constexpr size_t kLongestInterface = 15;  // IFNAMSIZ less the zero

void check_host_side(Check& check, const LinuxNode& n, const std::string& path) {
  using T = LinuxNode::Type;
  if (n.type != T::host && !n.interface.empty())
    check.error(path + ".interface", "this is for nodes of type host: remove it");
  const bool named = std::all_of(n.interface.begin(), n.interface.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  });
  if (n.interface.size() > kLongestInterface || !named || n.interface.starts_with('.'))
    check.error(path + ".interface",
                "'{}' is no name for a network device: at most 15 letters, digits, '-', '_' and '.'",
                n.interface);
  if (n.type == T::host && n.count > 1)
    check.error(path + ".count", "a node of type host stands for one device: write another node");
  if (n.console == LinuxNode::Console::pty && n.type != T::vm && n.type != T::process)
    check.error(path + ".console",
                "a pseudo-terminal is for the consoles of machines and processes: remove it");
  if (n.ports.empty()) return;
  if (n.type == T::host || n.type == T::model)
    check.error(path + ".ports", "this is for nodes of type vm, container and process: remove it");
  else if (n.count > 1)
    check.error(path + ".ports", "a port of the host cannot lead to {} nodes: give each an entry of its own",
                n.count);
  for (size_t i = 0; i < n.ports.size(); ++i)
    if (!parse_port_forward(n.ports[i]))
      check.error(at("{}.ports[{}]", path, i),
                  "'{}' is no forwarded port: write HOST_PORT:PORT, such as 8080:80, or IP:HOST_PORT:PORT, "
                  "with /udp behind it for UDP",
                  n.ports[i]);
}

void check_ports(Check& check) {
  struct Taken {
    PortForward forward;
    std::string where;
  };
  std::vector<Taken> taken;
  for (size_t i = 0; i < check.s.nodes.size(); ++i)
    for (size_t k = 0; k < check.s.nodes[i].ports.size(); ++k) {
      const auto p = parse_port_forward(check.s.nodes[i].ports[k]);
      const std::string where = at("nodes[{}].ports[{}]", i, k);
      if (!p) continue;
      for (const Taken& other : taken)
        if (other.forward.host_port == p->host_port && other.forward.udp == p->udp &&
            (other.forward.host_ip == p->host_ip || other.forward.host_ip == "0.0.0.0" ||
             p->host_ip == "0.0.0.0"))
          check.error(where, "port {} of the host leads elsewhere already ({}): choose another", p->host_port,
                      other.where);
      taken.push_back({*p, where});
    }
}

void check_cluster(Check& check) {
  std::vector<std::string> servers;
  for (const LinuxNode& n : check.s.nodes)
    if (n.role == LinuxNode::Role::k3s_server) servers.push_back(n.id);
  for (size_t i = 0; i < check.s.nodes.size(); ++i) {
    const LinuxNode& n = check.s.nodes[i];
    if (n.role != LinuxNode::Role::none &&
        (n.type == LinuxNode::Type::model || n.type == LinuxNode::Type::host))
      check.error(at("nodes[{}].role", i),
                  "a k3s role is for nodes of type vm, container and process: remove it");
    if (n.k3s && n.k3s->pod_limits) {
      const std::string limits = at("nodes[{}].k3s.pod_limits", i);
      if (n.role != LinuxNode::Role::k3s_server)
        check.error(limits, "pods get their limits from the server: write them there");
      else if (!n.k3s->pod_limits->cpu && !n.k3s->pod_limits->memory)
        check.error(limits, "there is no limit in it: add the key 'cpu' or 'memory'");
    }
    if (n.role != LinuxNode::Role::k3s_agent) continue;
    const std::string wanted = n.k3s ? n.k3s->server : "";
    if (servers.empty()) {
      check.error(at("nodes[{}].role", i), "an agent needs a node with role: k3s-server: add one");
    } else if (wanted.empty() && servers.size() > 1) {
      check.error(at("nodes[{}].role", i), "there are {} servers: name one with k3s.server", servers.size());
    } else if (!wanted.empty() && std::find(servers.begin(), servers.end(), wanted) == servers.end()) {
      check.error(at("nodes[{}].k3s.server", i), "no k3s-server is named '{}'{}", wanted,
                  did_you_mean(wanted, servers));
    }
  }
}

}  // namespace

void check_services(Check& check) {
  for (size_t i = 0; i < check.s.edge.size(); ++i) {
    const EdgeNode& e = check.s.edge[i];
    const std::string path = at("edge[{}]", i);
    if (e.type == EdgeNode::Type::docker && e.image.empty())
      check.error(path, "an edge node of type docker needs the key 'image'");
    if (e.type == EdgeNode::Type::machine) {
      const auto machine = std::find_if(check.s.nodes.begin(), check.s.nodes.end(), [&](const LinuxNode& n) {
        return n.id == e.machine && n.count == 1 && n.type != LinuxNode::Type::model;
      });
      if (machine == check.s.nodes.end())
        check.error(check.given(path + ".machine") ? path + ".machine" : path,
                    "an edge node of type machine needs the key 'machine' with the id of a node of type "
                    "vm, container or process");
      if (e.ip.empty())
        check.error(path,
                    "an edge node of type machine needs the key 'ip', an address in the machine's network");
    }
    if (e.type == EdgeNode::Type::process && e.command.empty() && e.image.empty())
      check.error(path, "an edge node of type process needs the key 'command'");
    if (e.type == EdgeNode::Type::model) {
      check_native_services(check, e.services, path);
      if (has(e.services, "ml_inference_service") && edge_model_file(e).empty() &&
          !check.given(path + ".ml_model"))
        check.error(path, "the service ml_inference_service needs the key 'ml_model'");
    }
    check_volumes(check, e.volumes, path);
  }
  for (size_t i = 0; i < check.s.cloud.size(); ++i) {
    const CloudNode& c = check.s.cloud[i];
    const std::string path = at("cloud[{}]", i);
    if (c.type == CloudNode::Type::model) {
      check_native_services(check, c.services, path);
      if (has(c.services, "ml_inference_service") && c.ml_model.empty() && !check.given(path + ".ml_model"))
        check.error(path, "the service ml_inference_service needs the key 'ml_model'");
    }
  }
}

void check_linux_nodes(Check& check) {
  for (size_t i = 0; i < check.s.nodes.size(); ++i) {
    check_node(check, check.s.nodes[i], at("nodes[{}]", i));
    check_host_side(check, check.s.nodes[i], at("nodes[{}]", i));
  }
  check_ports(check);
  check_cards(check);
  check_cluster(check);
}

}  // namespace xedgesim::scenario
