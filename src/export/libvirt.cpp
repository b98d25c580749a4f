#include "export/libvirt.h"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>

#include "export/shell.h"
#include "libvirt/domain_parts.h"

namespace xedgesim::exporter {
namespace {

using libvirt::add_element;
using libvirt::add_kib;
using libvirt::domain_uuid;
using libvirt::to_xml;
using pugi::xml_node;

const std::string kImages = "/var/lib/libvirt/images/";

/// Refuses what XML 1.0 has no way to write.
const char* xml_text(const std::string& text, const std::string& where) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r')
      throw ExportError(where,
                        fmt::format("there is a control character (0x{:02x}) in it, which XML cannot hold: "
                                    "remove it",
                                    static_cast<unsigned char>(c)));
  return text.c_str();
}

/// A file's name as libvirt's schema takes it.
const char* xml_path(const std::string& file, const std::string& where) {
  if (file.find_first_of("\n\r") != std::string::npos)
    throw ExportError(
        where, fmt::format("'{}' has a line break, which libvirt takes in no file name: rename the file",
                           one_line(file)));
  return xml_text(file, where);
}

const char* image_format(const std::filesystem::path& file) {
  const std::string extension = file.extension().string();
  return extension == ".qcow2" || extension == ".qcow" ? "qcow2" : "raw";
}

void add_disk(xml_node devices, size_t index, const std::string& format, const std::string& file,
              bool read_only, const std::string& where) {
  libvirt::add_disk(devices, index, format, xml_path(file, where), read_only);
}

std::string system_disk(const Machine& m) { return kImages + m.id + ".qcow2"; }
std::string data_disk(const Machine& m) { return kImages + m.id + "-data.qcow2"; }
bool has_system_disk(const scenario::LinuxNode& n) { return n.kernel.empty() || !n.image_file.empty(); }

std::string absolute_text(const std::filesystem::path& file) {
  return std::filesystem::absolute(file).lexically_normal().string();
}

void add_limits(xml_node domain, const Machine& m, Result& result) {
  const scenario::LinuxNode& n = *m.node;
  libvirt::add_cpu_limits(domain, n.cpu_shares.value_or(1024 * n.vcpus), n.cpu_quota);
  if (!n.memory_limit) return;
  libvirt::add_memory_limits(domain, n.memory_limit->hard, n.memory_limit->soft);
  if (n.memory_limit->hard && *n.memory_limit->hard < n.memory + (int64_t{128} << 20))
    result.warn(
        m.where + ".memory_limit",
        fmt::format("{}: the hard limit leaves QEMU less than 128 MiB beside the machine's {} MiB: the host "
                    "may kill it",
                    m.id, n.memory >> 20));
}

void add_cpu(xml_node domain, const Machine& m, bool emulated, Result& result) {
  const scenario::LinuxNode& n = *m.node;
  const bool arm = n.arch == scenario::LinuxNode::Arch::aarch64;
  std::string model = n.cpu_model.empty() ? (arm ? "cortex-a57" : "host-passthrough") : n.cpu_model;
  if (model == "max") model = "maximum";
  if (emulated && (model == "host-passthrough" || model == "host-model")) {
    if (!n.cpu_model.empty())
      result.warn(m.where + ".cpu_model",
                  fmt::format("{}: an emulated processor is not the host's: 'maximum' is used for '{}'", m.id,
                              model));
    model = "maximum";
  }
  libvirt::add_cpu(domain, model);
}

void add_boot(xml_node domain, const Machine& m) {
  const scenario::LinuxNode& n = *m.node;
  const bool arm = n.arch == scenario::LinuxNode::Arch::aarch64;
  xml_node os = libvirt::add_hardware(domain, arm ? vm::Arch::aarch64 : vm::Arch::x86_64);
  if (!n.kernel.empty()) {
    add_element(os, "kernel", {}, xml_path(absolute_text(n.kernel.resolved), m.where + ".kernel"));
    if (!n.initrd.empty())
      add_element(os, "initrd", {}, xml_path(absolute_text(n.initrd.resolved), m.where + ".initrd"));
    if (!n.kernel_args.empty())
      add_element(os, "cmdline", {}, xml_text(n.kernel_args, m.where + ".kernel_args"));
    return;
  }
  if (arm || n.firmware == scenario::LinuxNode::Firmware::uefi) {  // Debian's qemu-efi-aarch64, ovmf
    const std::string place = arm ? "/usr/share/AAVMF/AAVMF_" : "/usr/share/OVMF/OVMF_",
                      size = arm ? "" : "_4M";
    add_element(os, "loader", {{"readonly", "yes"}, {"type", "pflash"}},
                (place + "CODE" + size + ".fd").c_str());
    add_element(os, "nvram", {{"template", place + "VARS" + size + ".fd"}},
                ("/var/lib/libvirt/qemu/nvram/" + m.id + "_VARS.fd").c_str());
  }
  add_element(os, "boot", {{"dev", "hd"}});
}

void add_bandwidth(xml_node parent, const char* direction, const std::optional<scenario::Bandwidth>& b,
                   const std::string& where, Result& result) {
  if (!b) return;
  if (!b->average) {
    result.warn(where, fmt::format("libvirt needs an average rate: qos.{} is left out", direction));
    return;
  }
  xml_node n = add_element(parent, direction);
  n.append_attribute("average").set_value(std::to_string(kibibytes_per_second(*b->average)).c_str());
  if (b->peak) n.append_attribute("peak").set_value(std::to_string(kibibytes_per_second(*b->peak)).c_str());
  if (b->burst)
    n.append_attribute("burst").set_value(
        std::to_string(std::max<int64_t>(1, (*b->burst + 1023) / 1024)).c_str());
}

void add_vlans(xml_node parent, const Card& c, bool ovs, Result& result) {
  using Mode = scenario::SwitchPort::Mode;
  if (!c.at || !vlan_aware(*c.at)) return;
  if (!ovs) {
    result.warn(c.where,
                "libvirt gives VLANs to Open vSwitch ports only: set the bridge's with 'bridge vlan'");
    return;
  }
  const Mode mode = c.port ? c.port->mode : Mode::access;
  const int64_t own = c.port && c.port->vlan ? *c.port->vlan : 1;
  if (mode == Mode::access) {
    xml_node vlan = add_element(parent, "vlan");
    add_element(vlan, "tag", {{"id", std::to_string(own)}});
  } else if (mode == Mode::tunnel) {
    result.warn(c.where,
                "libvirt has no QinQ ports: set the port with export ovs after the machine has started");
  } else if (!c.port->trunks.empty()) {
    xml_node vlan = add_element(parent, "vlan", {{"trunk", "yes"}});
    bool native = false;
    for (const int64_t id : c.port->trunks) {
      xml_node tag = add_element(vlan, "tag", {{"id", std::to_string(id)}});
      if (c.port->vlan && id == own) {
        tag.append_attribute("nativeMode").set_value("untagged");
        native = true;
      }
    }
    if (c.port->vlan && !native)
      add_element(vlan, "tag", {{"id", std::to_string(own)}, {"nativeMode", "untagged"}});
  } else if (c.port->vlan) {
    result.warn(c.where,
                "libvirt lists every VLAN of a trunk: without 'trunks' the native VLAN is set by export ovs");
  }
}

/// libvirt's DHCP, and the NixOS module's, know the network of network.lan only.
void warn_unserved(const Topology& t, const Machine& m, const Card& c, Result& result) {
  const bool in_lan = t.bridge(c.bridge) && t.bridge(c.bridge)->lan && !c.prefix;
  if (in_lan || c.ip.empty() || (m.node->interfaces.empty() && !c.prefix)) return;
  constexpr int64_t kUsualPrefix = 24;
  result.warn(m.where, fmt::format("{}: nobody serves addresses in the network of {} there: set {}/{} in the "
                                   "machine",
                                   m.id, c.interface, c.ip,
                                   c.prefix.value_or(t.has_lan ? t.lan.prefix : kUsualPrefix)));
}

void add_card(xml_node devices, const Topology& t, const Machine& m, const Card& c, Result& result) {
  warn_unserved(t, m, c, result);
  const Bridge* bridge = t.bridge(c.bridge);
  const bool ovs = bridge && on_ovs(*bridge);
  xml_node i = add_element(devices, "interface", {{"type", ovs ? "bridge" : "network"}});
  add_element(i, "mac", {{"address", c.mac}});
  if (ovs)
    add_element(i, "source", {{"bridge", c.bridge}});
  else
    add_element(i, "source", {{"network", c.bridge}});
  add_vlans(i, c, ovs, result);
  if (c.qos && (c.qos->inbound || c.qos->outbound)) {
    xml_node b = add_element(i, "bandwidth");
    add_bandwidth(b, "inbound", c.qos->inbound, m.where + ".qos.inbound", result);
    add_bandwidth(b, "outbound", c.qos->outbound, m.where + ".qos.outbound", result);
    if (!b.first_child()) i.remove_child(b);
  }
  if (ovs) add_element(i, "virtualport", {{"type", "openvswitch"}});
  add_element(i, "target", {{"dev", c.device}});
  add_element(i, "model", {{"type", "virtio"}});
  if (!c.from.up || !c.towards.up) add_element(i, "link", {{"state", "down"}});
}

}  // namespace

int64_t kibibytes_per_second(int64_t bits_per_second) {
  return std::max<int64_t>(1, (bits_per_second + 4096) / 8192);
}

bool on_ovs(const Bridge& b) { return b.of && b.of->backend != scenario::Switch::Backend::bridge; }

std::string domain_xml(const scenario::Scenario& s, const Topology& t, const Machine& m,
                       const LibvirtOptions& options, Result& result) {
  const scenario::LinuxNode& n = *m.node;
  const bool arm = n.arch == scenario::LinuxNode::Arch::aarch64;
  const bool emulated = arm || options.emulate;
  pugi::xml_document doc;
  xml_node domain = add_element(doc, "domain", {{"type", emulated ? "qemu" : "kvm"}});
  add_element(domain, "name", {}, m.id.c_str());
  add_element(domain, "uuid", {}, domain_uuid(s.meta.name, m.id).c_str());
  if (!n.description.empty())
    add_element(domain, "description", {}, xml_text(n.description, m.where + ".description"));
  add_kib(domain, "memory", n.memory);
  add_element(domain, "vcpu", {{"placement", "static"}}, std::to_string(n.vcpus).c_str());
  add_limits(domain, m, result);
  add_boot(domain, m);
  libvirt::add_features(domain, arm ? vm::Arch::aarch64 : vm::Arch::x86_64, false);
  add_cpu(domain, m, emulated, result);
  libvirt::add_ends(domain);
  xml_node devices = add_element(domain, "devices");
  add_element(devices, "emulator", {}, arm ? "/usr/bin/qemu-system-aarch64" : "/usr/bin/qemu-system-x86_64");
  size_t disks = 0;
  if (has_system_disk(n)) add_disk(devices, disks++, "qcow2", system_disk(m), false, m.where);
  if (n.extra_disk_size) add_disk(devices, disks++, "qcow2", data_disk(m), false, m.where);
  for (size_t i = 0; i < n.disks.size(); ++i) {
    const auto& d = n.disks[i];
    add_disk(devices, disks++, image_format(d.file.resolved), absolute_text(d.file.resolved), d.read_only,
             fmt::format("{}.disks[{}].file", m.where, i));
    if (!d.read_only && n.count > 1)
      result.warn(fmt::format("{}.disks[{}]", m.where, i),
                  "several machines write to this one disk: make it read_only, or give each its own");
  }
  for (const Card& c : m.cards) add_card(devices, t, m, c, result);
  xml_node serial = add_element(devices, "serial", {{"type", "pty"}});
  add_element(serial, "target", {{"port", "0"}});
  xml_node console = add_element(devices, "console", {{"type", "pty"}});
  add_element(console, "target", {{"type", "serial"}, {"port", "0"}});
  xml_node agent = add_element(devices, "channel", {{"type", "unix"}});
  add_element(agent, "target", {{"type", "virtio"}, {"name", "org.qemu.guest_agent.0"}});
  return to_xml(doc);
}

std::vector<std::vector<std::string>> disk_commands(const Machine& m) {
  const scenario::LinuxNode& n = *m.node;
  std::vector<std::vector<std::string>> out;
  if (has_system_disk(n)) {
    if (n.image_file.empty())
      out.push_back({"qemu-img", "create", "-f", "qcow2", system_disk(m), "4G"});
    else
      out.push_back({"qemu-img", "create", "-f", "qcow2", "-F", image_format(n.image_file.resolved), "-b",
                     absolute_text(n.image_file.resolved), system_disk(m)});
  }
  if (n.extra_disk_size)
    out.push_back({"qemu-img", "create", "-f", "qcow2", data_disk(m), std::to_string(*n.extra_disk_size)});
  return out;
}

namespace {

/// Who has an address of network.lan on its bridge.
std::vector<std::pair<const Machine*, const Card*>> leased(const Topology& t, const Bridge& b) {
  std::vector<std::pair<const Machine*, const Card*>> out;
  for (const Machine& m : t.machines)
    for (const Card& c : m.cards)
      if (m.node && !c.ip.empty() && !c.prefix && c.bridge == b.name) out.emplace_back(&m, &c);
  return out;
}

std::string network_xml(const scenario::Scenario& s, const Topology& t, const Bridge& b, Result& result) {
  pugi::xml_document doc;
  xml_node network = add_element(doc, "network");
  add_element(network, "name", {}, b.name.c_str());
  add_element(network, "uuid", {}, domain_uuid(s.meta.name, "network " + b.name).c_str());
  if (on_ovs(b)) {
    add_element(network, "forward", {{"mode", "bridge"}});
    add_element(network, "bridge", {{"name", b.name}});
    add_element(network, "virtualport", {{"type", "openvswitch"}});
    return to_xml(doc);
  }
  add_element(network, "bridge", {{"name", b.name}, {"stp", b.of && b.of->stp ? "on" : "off"}});
  if (!b.lan) return to_xml(doc);
  add_element(network, "domain", {{"name", t.lan.domain}, {"localOnly", "yes"}});
  const bool v6 = t.lan.host_ip.find(':') != std::string::npos;
  xml_node dns = add_element(network, "dns");
  xml_node ip =
      add_element(network, "ip", {{"address", t.lan.host_ip}, {"prefix", std::to_string(t.lan.prefix)}});
  if (v6) ip.append_attribute("family").set_value("ipv6");
  xml_node dhcp = add_element(ip, "dhcp");
  add_element(dhcp, "range", {{"start", t.lan.dhcp_start}, {"end", t.lan.dhcp_end}});
  for (const auto& [machine, card] : leased(t, b)) {
    const Machine& m = *machine;
    if ((card->ip.find(':') != std::string::npos) != v6) {
      result.warn(m.where + ".ip",
                  fmt::format("{} is not of the family of network.lan: it gets no lease", card->ip));
      continue;
    }
    xml_node host = add_element(dns, "host", {{"ip", card->ip}});
    // Host names have no '_' (RFC 952), and libvirt's schema takes none.
    std::string name = m.id;
    std::replace(name.begin(), name.end(), '_', '-');
    if (name != m.id)
      result.warn(m.where, fmt::format("host names have no '_': libvirt's DNS and DHCP call it {}", name));
    add_element(host, "hostname", {}, name.c_str());
    xml_node lease = add_element(dhcp, "host", {{"mac", card->mac}});
    lease.append_attribute("name").set_value(name.c_str());
    lease.append_attribute("ip").set_value(card->ip.c_str());
    if (v6) lease.remove_attribute("mac");
  }
  if (!dns.first_child()) network.remove_child(dns);
  return to_xml(doc);
}

std::string readme(const Topology& t, const std::vector<const Machine*>& machines) {
  std::string out =
      "# libvirt domains\n\nMade by `xedgesim export libvirt`. Run these in this folder, as a user libvirt "
      "listens to.\n\n";
  const auto block = [&](const char* title, const std::vector<Command>& commands) {
    if (commands.empty()) return;
    out += fmt::format("{}\n\n", title);
    for (const Command& c : commands) out += "    " + shell_line(c) + "\n";
    out += "\n";
  };
  std::vector<Command> networks, disks, define, start, stop;
  bool arm = false, ovs = false, ovmf = false;
  for (const Bridge& b : t.bridges) {
    ovs = ovs || on_ovs(b);
    networks.push_back({"virsh", "net-define", "network-" + b.name + ".xml"});
    networks.push_back({"virsh", "net-start", b.name});
  }
  for (const Machine* m : machines) {
    for (const auto& c : disk_commands(*m)) disks.push_back(c);
    define.push_back({"virsh", "define", "--validate", m->id + ".xml"});
    start.push_back({"virsh", "start", m->id});
    stop.push_back({"virsh", "destroy", m->id});
    stop.push_back({"virsh", "undefine", "--nvram", m->id});
    const bool this_arm = m->node->arch == scenario::LinuxNode::Arch::aarch64;
    arm = arm || this_arm;
    ovmf = ovmf || (!this_arm && m->node->firmware == scenario::LinuxNode::Firmware::uefi);
  }
  if (ovs)
    out +=
        "The switches are Open vSwitch bridges: make them first with the output of `xedgesim export "
        "ovs`.\n\n";
  if (arm) out += "The aarch64 machines need Debian's packages qemu-system-arm and qemu-efi-aarch64.\n\n";
  if (ovmf) out += "The x86-64 machines that boot by UEFI need Debian's package ovmf.\n\n";
  block("Networks:", networks);
  block("Disks, once:", disks);
  block("Machines:", define);
  block("Start (`virsh console NAME` opens a console):", start);
  block("Take away:", stop);
  out +=
      "`<bandwidth>` is in kibibytes a second. Where the host refuses `hard_limit` (it needs "
      "CAP_SYS_RESOURCE), take it "
      "out of the XML and use `virsh memtune NAME --live --hard-limit KIB` after the start.\n";
  return out;
}

}  // namespace

Result export_libvirt(const scenario::Scenario& s, const LibvirtOptions& options) {
  const Topology t = make_topology(s);
  Result result;
  std::vector<const Machine*> machines;
  for (const Machine& m : t.machines)
    if (m.node && m.node->type == scenario::LinuxNode::Type::vm) machines.push_back(&m);
  if (machines.empty())
    throw ExportError("nodes",
                      "libvirt runs virtual machines, and no node here has type: vm: give one that type");
  for (const Machine* m : machines) result.add(m->id + ".xml", domain_xml(s, t, *m, options, result));
  for (const Bridge& b : t.bridges) result.add("network-" + b.name + ".xml", network_xml(s, t, b, result));
  result.add("README.md", readme(t, machines));
  return result;
}

}  // namespace xedgesim::exporter
