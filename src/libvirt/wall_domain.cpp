#include "libvirt/wall_domain.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "libvirt/domain_parts.h"

namespace xedgesim::libvirt {
namespace {

constexpr const char* kOwnerSpace = "urn:xedgesim:owner";
constexpr const char* kQemuSpace = "http://libvirt.org/schemas/domain/qemu/1.0";
constexpr const char* kArmUefi = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd";  // Debian's qemu-efi-aarch64
/// Of the first card on the root bus, the others behind it: where libvirt, which counts from below, puts
/// nothing.
constexpr size_t kCardSlot = 0x10;

std::string clean(const std::string& text) {
  if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
    throw ConfigError(
        fmt::format("'{}': a control character, which libvirt's XML cannot hold: remove it", text));
  return text;
}

/// libvirt's words for what QEMU calls host and max.
std::string cpu_model(const WallDomain& d) {
  const std::string model = vm::wall_cpu(d.machine, d.kvm);
  return model == "host" ? "host-passthrough" : model == "max" ? "maximum" : model;
}

void add_boot(pugi::xml_node domain, const vm::Machine& m) {
  pugi::xml_node os = add_hardware(domain, m.arch);
  if (m.kernel.empty()) {
    if (m.arch == vm::Arch::aarch64) add_element(os, "loader", {{"type", "rom"}}, kArmUefi);
    add_element(os, "boot", {{"dev", "hd"}});
    return;
  }
  const std::vector<std::string> boot = vm::kernel_arguments(m);
  for (size_t i = 0; i + 1 < boot.size(); i += 2)
    add_element(os, boot[i] == "-append" ? "cmdline" : boot[i].c_str() + 1, {}, clean(boot[i + 1]).c_str());
}

void add_socket(pugi::xml_node device, const std::filesystem::path& socket) {
  add_element(device, "source", {{"mode", "connect"}, {"path", clean(socket.string())}});
}

}  // namespace

std::string domain_xml(const WallDomain& d) {
  const vm::Machine& m = d.machine;
  pugi::xml_document doc;
  pugi::xml_node domain = add_element(doc, "domain", {{"type", d.kvm ? "kvm" : "qemu"}});
  domain.append_attribute("xmlns:qemu").set_value(kQemuSpace);
  add_element(domain, "name", {}, clean(d.name).c_str());
  add_element(domain, "uuid", {}, d.uuid.c_str());
  pugi::xml_node metadata = add_element(domain, "metadata");
  add_element(metadata, "xedgesim:owner", {{"xmlns:xedgesim", kOwnerSpace}}, clean(d.owner).c_str());
  add_kib(domain, "memory", m.memory);
  add_element(domain, "vcpu", {{"placement", "static"}}, std::to_string(m.vcpus).c_str());
  add_cpu_limits(domain, d.limits.cpu_shares, d.limits.cpu_quota);
  add_memory_limits(domain, d.limits.memory_hard, d.limits.memory_soft);
  add_boot(domain, m);
  add_features(domain, m.arch, d.kvm);
  add_cpu(domain, cpu_model(d));
  add_ends(domain);
  pugi::xml_node devices = add_element(domain, "devices");
  add_element(devices, "emulator", {}, clean(d.emulator.string()).c_str());
  for (size_t i = 0; i < d.disks.size(); ++i)
    add_disk(devices, i, d.disks[i].qcow2 ? "qcow2" : "raw", clean(d.disks[i].file.string()),
             d.disks[i].read_only);
  add_element(devices, "controller", {{"type", "usb"}, {"model", "none"}});
  pugi::xml_node serial = add_element(devices, "serial", {{"type", "unix"}});
  add_socket(serial, d.console);
  add_element(serial, "target", {{"port", "0"}});
  pugi::xml_node agent = add_element(devices, "channel", {{"type", "unix"}});
  add_socket(agent, d.agent);
  add_element(agent, "target", {{"type", "virtio"}, {"name", "org.xedgesim.agent"}});
  add_element(devices, "memballoon", {{"model", "none"}});
  if (d.user) {
    // As the user whose files and sockets these are; nothing of them is given another owner.
    pugi::xml_node label =
        add_element(domain, "seclabel", {{"type", "static"}, {"model", "dac"}, {"relabel", "no"}});
    add_element(label, "label", {}, clean(*d.user).c_str());
  }
  pugi::xml_node line = add_element(domain, "qemu:commandline");
  for (size_t i = 0; i < m.macs.size(); ++i)
    for (const std::string& word :
         {std::string("-netdev"),
          fmt::format("stream,id=net{},server=off,addr.type=unix,addr.path={}", i,
                      vm::escaped(clean(d.networks.at(i).string()))),
          std::string("-device"),
          fmt::format("virtio-net-pci,netdev=net{},mac={},bus=pcie.0,addr={:#x},romfile=", i, m.macs[i],
                      kCardSlot + i)})
      add_element(line, "qemu:arg", {{"value", word}});
  return to_xml(doc);
}

std::string owner_in(const std::string& xml) {
  pugi::xml_document doc;
  if (!doc.load_string(xml.c_str())) return {};
  const pugi::xml_node metadata = doc.child("domain").child("metadata");
  for (const pugi::xml_node n : metadata.children())
    for (const pugi::xml_attribute a : n.attributes())
      if (std::string(a.value()) == kOwnerSpace) return n.text().as_string();
  return {};
}

}  // namespace xedgesim::libvirt
