#include "vm/wall_machine.h"

#include <fmt/format.h>

#include <array>
#include <fstream>

#include "base/error.h"

namespace xedgesim::vm {

std::string wall_cpu(const Machine& m, bool kvm) {
  const bool passed = m.cpu_model == "host" || m.cpu_model == "host-passthrough";
  if (kvm && (passed || m.cpu_model.empty())) return "host";
  if (passed) return "max";
  if (!m.cpu_model.empty()) return m.cpu_model;
  return m.arch == Arch::x86_64 ? "qemu64" : "cortex-a57";
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == ',' ? ",," : std::string(1, c);
  return out;
}

std::vector<std::string> wall_arguments(const Machine& m, bool kvm, const std::vector<WallDisk>& disks,
                                        const WallSockets& sockets, const std::optional<UefiFirmware>& uefi) {
  const bool x86 = m.arch == Arch::x86_64;
  std::vector<std::string> a{"-nodefaults", "-no-user-config", "-display",     "none",
                             "-no-reboot",  "-name",           escaped(m.name)};
  const auto add = [&](std::initializer_list<std::string> more) { a.insert(a.end(), more); };
  // Without graphics BIOS speaks on the serial port.
  add({"-M", x86 ? (m.kernel.empty() ? "q35,graphics=off" : "q35") : kvm ? "virt,gic-version=host" : "virt"});
  add({"-cpu", wall_cpu(m, kvm), "-m", fmt::format("{}M", m.memory >> 20), "-smp",
       fmt::format("{}", m.vcpus)});
  add({"-accel", kvm ? "kvm" : "tcg"});
  add({"-chardev", fmt::format("socket,id=con,fd={},server=off", sockets.console), "-serial", "chardev:con"});
  for (size_t i = 0; i < m.macs.size(); ++i) {
    add({"-netdev",
         fmt::format("stream,id=net{},server=off,addr.type=fd,addr.str={}", i, sockets.networks.at(i))});
    add({"-device", fmt::format("virtio-net-pci,netdev=net{},mac={},romfile=", i, m.macs[i])});
  }
  add({"-device", "virtio-serial-pci", "-chardev",
       fmt::format("socket,id=agent,fd={},server=off", sockets.agent), "-device",
       "virtserialport,chardev=agent,name=org.xedgesim.agent"});
  for (size_t i = 0; i < disks.size(); ++i) {
    const WallDisk& d = disks[i];
    add({"-drive",
         fmt::format("id=disk{},if=none,file={},format={}{}{}", i, escaped(d.file.string()),
                     d.qcow2 ? "qcow2" : "raw", d.read_only ? ",readonly=on" : "",
                     d.discard_writes ? ",snapshot=on" : ""),
         "-device",
         fmt::format("virtio-blk-pci,drive=disk{}{}", i, m.kernel.empty() && i == 0 ? ",bootindex=0" : "")});
  }
  if (m.kernel.empty()) {
    if (!uefi) return a;
    add({"-drive",
         fmt::format("if=pflash,unit=0,format=raw,readonly=on,file={}", escaped(uefi->code.string()))});
    add({"-drive", fmt::format("if=pflash,unit=1,format=raw,file={}", escaped(uefi->variables.string()))});
    return a;
  }
  const auto boot = kernel_arguments(m);
  a.insert(a.end(), boot.begin(), boot.end());
  return a;
}

bool is_qcow2(const std::filesystem::path& file) {
  std::array<unsigned char, 32> head{};
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file))
    throw ConfigError(fmt::format("cannot read the disk image {}", file.string()));
  in.read(reinterpret_cast<char*>(head.data()), head.size());
  if (in.gcount() == 0) throw ConfigError(fmt::format("the disk image {} is empty", file.string()));
  if (head[0] != 'Q' || head[1] != 'F' || head[2] != 'I' || head[3] != 0xfb) return false;
  // qcow2: version at 4, cluster bits at 20, both big-endian.
  if ((head[7] != 2 && head[7] != 3) || head[23] < 9 || head[23] > 21 || in.gcount() < 32)
    throw ConfigError(fmt::format("the disk image {} is corrupt: make it anew", file.string()));
  return true;
}

}  // namespace xedgesim::vm
