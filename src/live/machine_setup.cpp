#include "live/machine_setup.h"

#include <fmt/format.h>

#include "base/error.h"
#include "system/located.h"
#include "vm/image/image_store.h"
#include "vm/kvm_probe.h"

namespace xedgesim::live {
namespace {

namespace fs = std::filesystem;

void need_file(const std::string& id, const char* what, const fs::path& file) {
  std::error_code ec;
  if (!fs::is_regular_file(file, ec))
    throw ConfigError(fmt::format("node '{}': there is no {} at {}", id, what, file.string()));
}

void choose_boot(MachineSetup& s, const scenario::LinuxNode& n, const system::MachineAddress& address,
                 const system::K3sPlan* k3s) {
  const vm::ImageStore images;
  if (!n.image_file.empty()) {
    const fs::path& file = n.image_file.resolved;
    s.disks.push_back({.file = file, .discard_writes = true, .qcow2 = vm::is_qcow2(file)});
    if (!s.disks.back().qcow2) vm::check_disk_image(file);
    if (s.machine.arch == vm::Arch::x86_64 && n.firmware != scenario::LinuxNode::Firmware::uefi) return;
    s.uefi = vm::find_uefi(s.machine.arch);
    if (!s.uefi)
      throw ConfigError(
          fmt::format("node '{}': {} boots by UEFI, whose firmware is not installed: run scripts/setup "
                      "--with qemu (Debian: apt install {})",
                      n.id, s.machine.arch == vm::Arch::aarch64 ? "a disk image for ARM" : "this disk image",
                      vm::uefi_package(s.machine.arch)));
    return;
  }
  if (n.kernel.empty()) {
    const vm::Image image = images.get(n.image, s.machine.arch);
    s.machine.kernel = image.kernel;
    s.machine.initrd = image.initrd;
  } else {
    s.machine.kernel = n.kernel.resolved;
    s.machine.initrd = n.initrd.resolved;
  }
  need_file(n.id, "kernel", s.machine.kernel);
  if (!s.machine.initrd.empty()) need_file(n.id, "initrd", s.machine.initrd);
  s.settings = system::guest_settings(n, s.id, address, true, k3s).archive();
}

}  // namespace

vm::Limits limits_of(const scenario::LinuxNode& n) {
  vm::Limits l{.cpu_quota = n.cpu_quota, .cpu_shares = n.cpu_shares};
  if (n.memory_limit) {
    l.memory_hard = n.memory_limit->hard;
    l.memory_soft = n.memory_limit->soft;
  }
  return l;
}

/// What cannot be set here and need not be.
std::string refused_limits(const scenario::LinuxNode& n) {
  const std::string missed = vm::CgroupHost().refusal(limits_of(n));
  if (!missed.empty() && n.limits == scenario::LinuxNode::LimitPolicy::enforce)
    throw ConfigError(
        fmt::format("node '{}': these limits cannot be set here: {}; set `limits: best-effort` to go without",
                    n.id, missed));
  return missed;
}

MachineSetup machine_setup(const system::MachineNode& m, const system::K3sPlan* k3s) {
  const scenario::LinuxNode& n = *m.group;
  MachineSetup s{.id = m.id};
  s.machine = {.name = m.id,
               .arch = system::arch_of(n),
               .memory = n.memory,
               .vcpus = n.vcpus,
               .cpu_model = n.cpu_model,
               .macs = system::macs_of(m.address),
               .kernel_args = n.kernel_args};
  choose_boot(s, n, m.address, k3s);
  const vm::QemuProbe probe = vm::probe_qemu(s.machine.arch);
  if (!probe.qemu) throw ConfigError(fmt::format("node '{}': {}", n.id, probe.reason));
  s.qemu = *probe.qemu;
  if (std::atoi(s.qemu.version.c_str()) < 7 || s.qemu.version.starts_with("7.0") ||
      s.qemu.version.starts_with("7.1"))
    throw ConfigError(fmt::format(
        "node '{}': {} has version {}, whose network cannot be a socket of ours: it takes 7.2 or later", n.id,
        s.qemu.binary.string(), s.qemu.version));
  if (s.machine.kernel.empty()) {
    s.no_kvm = "disk images are not tried";
  } else {
    const vm::KvmProbe kvm =
        vm::probe_kvm(s.qemu, s.machine.arch, s.machine.kernel, s.machine.initrd, vm::ImageStore().folder());
    s.kvm = kvm.works;
    s.no_kvm = kvm.reason;
  }
  for (const scenario::Disk& d : n.disks)
    s.disks.push_back(
        {.file = d.file.resolved, .read_only = d.read_only, .qcow2 = vm::is_qcow2(d.file.resolved)});
  s.data_disk = n.extra_disk_size.value_or(0);
  s.limits = limits_of(n);
  if (n.backend == scenario::LinuxNode::Backend::qemu) s.unlimited = refused_limits(n);
  return s;
}

void check_limits(const scenario::Scenario& s) {
  for (size_t i = 0; i < s.nodes.size(); ++i)
    if (s.nodes[i].type != scenario::LinuxNode::Type::model &&
        s.nodes[i].backend == scenario::LinuxNode::Backend::qemu)  // libvirt says it itself
      system::located(s, fmt::format("nodes[{}]", i), [&] { refused_limits(s.nodes[i]); });
}

}  // namespace xedgesim::live
