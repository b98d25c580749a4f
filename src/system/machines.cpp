#include "system/machines.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/shell_words.h"
#include "scenario/expand.h"
#include "system/impairments.h"
#include "system/located.h"
#include "vm/image/guest_settings.h"
#include "vm/image/image_store.h"
#include "vm/qemu_probe.h"
#include "vm/sparse_disk.h"

namespace xedgesim::system {
namespace {

constexpr Duration kShortestCable = Duration::us(10);
constexpr Duration kLongestWindow = Duration::ms(1);
constexpr size_t kMostDisks = 8;  // as many as our init looks for

size_t disk_count(const scenario::LinuxNode& n) {
  return n.disks.size() + !n.image_file.empty() + n.extra_disk_size.has_value();
}

bool has_nvdimms(const scenario::LinuxNode& n) {
  return n.disk_bus == scenario::LinuxNode::DiskBus::nvdimm && disk_count(n) > 0;
}

/// In the order they have on the wall clock: system, more disks, data.
std::vector<std::shared_ptr<vm::SparseDisk>> disks_of(const scenario::LinuxNode& n) {
  std::vector<std::shared_ptr<vm::SparseDisk>> out;
  if (!n.image_file.empty()) out.push_back(std::make_shared<vm::SparseDisk>(n.image_file.resolved));
  for (const scenario::Disk& d : n.disks) out.push_back(std::make_shared<vm::SparseDisk>(d.file.resolved));
  if (n.extra_disk_size) out.push_back(std::make_shared<vm::SparseDisk>(*n.extra_disk_size));
  return out;
}

}  // namespace

bool on_wall_clock(const scenario::Scenario& s) {
  using Clock = scenario::ScenarioMeta::Clock;
  if (s.meta.clock != Clock::automatic) return s.meta.clock == Clock::wall;
  const auto needs_it = [](const scenario::LinuxNode& n) {
    return of_the_host(n) || n.type == scenario::LinuxNode::Type::host || !n.ports.empty() ||
           n.console == scenario::LinuxNode::Console::pty ||
           n.backend == scenario::LinuxNode::Backend::libvirt;
  };
  return std::any_of(s.nodes.begin(), s.nodes.end(), needs_it) ||
         (s.network.lan && (s.network.lan->uplink || s.network.lan->host_loopback)) ||
         std::any_of(s.edge.begin(), s.edge.end(), [](const scenario::EdgeNode& e) {
           return e.type == scenario::EdgeNode::Type::docker || e.type == scenario::EdgeNode::Type::process;
         });
}

bool of_the_host(const scenario::LinuxNode& n) {
  return n.type == scenario::LinuxNode::Type::container || n.type == scenario::LinuxNode::Type::process;
}

void refuse_host_network(const scenario::Scenario& s) {
  if (on_wall_clock(s)) return;
  constexpr const char* kAdvice =
      "what the host's network does is not repeatable: use clock: wall, or remove it";
  for (size_t i = 0; i < s.nodes.size(); ++i) {
    if (!s.nodes[i].ports.empty())
      refuse_at(s, fmt::format("nodes[{}].ports", i),
                fmt::format("node '{}': ports: {}", s.nodes[i].id, kAdvice));
    if (s.nodes[i].console == scenario::LinuxNode::Console::pty)
      refuse_at(
          s, fmt::format("nodes[{}].console", i),
          fmt::format("node '{}': console: pty: what comes from a terminal is not repeatable: use clock: "
                      "wall, or `exec`, which types at exact times",
                      s.nodes[i].id));
    if (s.nodes[i].type == scenario::LinuxNode::Type::host)
      refuse_at(s, fmt::format("nodes[{}]", i),
                fmt::format("node '{}': type host: {}", s.nodes[i].id, kAdvice));
  }
  if (s.network.lan && (s.network.lan->uplink || s.network.lan->host_loopback))
    refuse_at(s, "network.lan", fmt::format("network.lan: an uplink: {}", kAdvice));
}

vm::Arch arch_of(const scenario::LinuxNode& n) {
  return n.arch == scenario::LinuxNode::Arch::x86_64 ? vm::Arch::x86_64 : vm::Arch::aarch64;
}

void check_hosted(const scenario::LinuxNode& n) {
  const auto refuse = [&](const std::string& why) {
    throw ConfigError(fmt::format("node '{}': {}", n.id, why));
  };
  if (n.backend == scenario::LinuxNode::Backend::libvirt && n.type != scenario::LinuxNode::Type::vm)
    refuse("backend: libvirt runs machines of type vm only: remove it, or use type: vm");
  if (n.type == scenario::LinuxNode::Type::host) return;
  if (!of_the_host(n) && n.image.empty() && n.kernel.empty() && n.image_file.empty())
    refuse("there is nothing to boot: set `image` (xedgesim image build base) or `kernel` and `initrd`");
  check_k3s(n);
  if (n.firmware && n.image_file.empty())
    refuse(
        "`firmware` starts a disk image, and there is none: remove it, or give the image's file as `image`");
  if (n.firmware == scenario::LinuxNode::Firmware::bios && n.arch == scenario::LinuxNode::Arch::aarch64)
    refuse("ARM64 machines have no BIOS: remove `firmware`, or use uefi");
  if (n.firmware == scenario::LinuxNode::Firmware::uefi && n.arch == scenario::LinuxNode::Arch::x86_64 &&
      n.backend == scenario::LinuxNode::Backend::libvirt)
    refuse("libvirt starts disk images of x86_64 by BIOS here: remove `firmware`, or use backend: qemu");
}

void check_repeatable(const scenario::LinuxNode& n) {
  const auto refuse = [&](const std::string& why) {
    throw ConfigError(fmt::format("node '{}': {}", n.id, why));
  };
  if (of_the_host(n))
    refuse(
        "containers and processes run on the host's clock: set `clock: wall` (or auto), or make it a machine "
        "of "
        "type vm, which can run the same image in virtual time");
  if (n.backend != scenario::LinuxNode::Backend::qemu)
    refuse("backend: libvirt has no virtual time: set `clock: wall` (or auto), or use backend: qemu");
  if (n.vcpus != 1)
    refuse(fmt::format("{} processors are not repeatable, their order is the host's: use vcpus: 1", n.vcpus));
  if (n.cpu_model == "host" || n.cpu_model == "host-passthrough" || n.cpu_model == "max")
    refuse(fmt::format("cpu_model: {} depends on the host: name a model such as {}", n.cpu_model,
                       n.arch == scenario::LinuxNode::Arch::x86_64 ? "qemu64" : "cortex-a57"));
  if (has_nvdimms(n) && n.arch == scenario::LinuxNode::Arch::aarch64)
    refuse("disk_bus: nvdimm is for x86_64, an ARM64 machine has it under UEFI only: remove it (aoe)");
  if (disk_count(n) > kMostDisks)
    refuse(
        fmt::format("{} disks are more than the {} of a machine in virtual time", disk_count(n), kMostDisks));
  if (n.image.empty() && n.kernel.empty())
    refuse("there is nothing to boot: set `image` (xedgesim image build base) or `kernel` and `initrd`");
  if (n.firmware)
    refuse(
        "in virtual time the kernel of `base` starts a disk image, no firmware does: remove `firmware`, or "
        "use `clock: wall`");
  if ((n.cpu_quota || n.cpu_shares || n.memory_limit) &&
      n.limits == scenario::LinuxNode::LimitPolicy::enforce)
    refuse(
        "limits of the host process mean nothing in virtual time: remove cpu_quota, cpu_shares and "
        "memory_limit, or set `limits: best-effort`");
  check_k3s(n);
}

vm::GuestSettings guest_settings(const scenario::LinuxNode& n, const std::string& id,
                                 const MachineAddress& address, bool wall_clock, const K3sPlan* k3s) {
  vm::GuestSettings settings{.hostname = id,
                             .addresses = {},
                             .dhcp = wall_clock,
                             .hosts = {},
                             .commands = n.commands,
                             .environment = n.environment,
                             .files = {}};
  if (!wall_clock) {
    settings.disks = disk_count(n);
    settings.nvdimm = has_nvdimms(n);
    settings.root_disk = !n.image_file.empty();
    for (const CardAddress& c : address.cards)
      settings.addresses.push_back(fmt::format("{}/{}", dotted_ipv4(c.ip), c.prefix));
    settings.gateway = address.gateway;
    settings.hosts = address.hosts;
  }
  for (const auto& [to, from] : n.files) settings.files[to] = from.resolved;
  if (!k3s) return settings;
  for (const K3sPlan::File& f : k3s->files)
    if (f.source.empty())
      settings.texts[f.path] = {.text = f.text, .mode = f.mode};
    else
      settings.files[f.path] = f.source;
  // It stays in the background, and what it prints is on the console.
  settings.commands.insert(settings.commands.begin(), shell_quoted(k3s->command) + " &");
  return settings;
}

std::vector<std::string> macs_of(const MachineAddress& address) {
  std::vector<std::string> out;
  for (const CardAddress& c : address.cards) out.push_back(net::ethernet::to_string(c.mac));
  return out;
}

nodes::VmNode::Config machine_config(const scenario::LinuxNode& n, const std::string& id,
                                     const MachineAddress& address, const K3sPlan* k3s) {
  nodes::VmNode::Config c;
  c.machine = {.name = id,
               .arch = arch_of(n),
               .memory = n.memory,
               .cpu_model = n.cpu_model,
               .macs = macs_of(address),
               .kernel_args = n.kernel_args};
  c.settings = guest_settings(n, id, address, false, k3s).archive();
  c.boundary = n.boundary.value_or(Duration());
  c.patience = n.timeout;
  c.disks = disks_of(n);
  c.nvdimm = has_nvdimms(n);
  return c;
}

std::optional<Duration> machine_window(const scenario::Scenario& s) {
  std::optional<Duration> window;
  if (on_wall_clock(s)) return window;
  const auto machine = [&](const std::string& end) {
    const std::string node = end.substr(0, end.find(':'));
    return std::any_of(s.nodes.begin(), s.nodes.end(), [&](const scenario::LinuxNode& n) {
      for (int64_t k = 0; n.type == scenario::LinuxNode::Type::vm && k < n.count; ++k)
        if (scenario::member_id(n.id, n.count, k) == node) return true;
      return false;
    });
  };
  for (const scenario::Link& l : s.links) {
    if (std::none_of(l.endpoints.begin(), l.endpoints.end(), machine)) continue;
    const Directions d = link_directions(l.impairments, l.forward, l.backward);
    const Duration latency = std::min(d.forward.latency, d.backward.latency);
    if (latency < kShortestCable)
      throw ConfigError(fmt::format(
          "link '{}': a machine in virtual time runs ahead by the latency of its cable: set a latency of "
          "{} us at least (1ms is fast, 100us exact enough for a switch)",
          l.id, kShortestCable.count_us()));
    window = std::min({window.value_or(kLongestWindow), latency, kLongestWindow});
  }
  return window;
}

void connect_machines(std::vector<MachineNode>& machines, const MachineHost& on) {
  std::map<vm::Arch, vm::Qemu> found;
  const vm::ImageStore images;
  for (MachineNode& m : machines) {
    if (!m.node) continue;
    const vm::Arch arch = arch_of(*m.group);
    if (!found.contains(arch)) {
      const vm::QemuProbe probe = vm::probe_virtual_time(arch, on.plugin, images.folder());
      if (!probe.qemu) throw ConfigError(fmt::format("node '{}': {}", m.id, probe.reason));
      found[arch] = *probe.qemu;
    }
    nodes::VmNode::Host host{.qemu = found[arch],
                             .plugin = on.plugin,
                             .kernel = {},
                             .initrd = {},
                             .folder = on.folder,
                             .snapshots = on.snapshots,
                             .takes_turns = on.take_turns};
    if (m.group->kernel.empty()) {
      // A disk image is booted by the kernel and the init of `base`, which change over to it.
      const vm::Image image = images.get(m.group->image_file.empty() ? m.group->image : "base", arch);
      host.kernel = image.kernel;
      host.initrd = image.initrd;
    } else {
      host.kernel = m.group->kernel.resolved;
      host.initrd = m.group->initrd.resolved;
    }
    m.node->connect(std::move(host));
  }
}

}  // namespace xedgesim::system
