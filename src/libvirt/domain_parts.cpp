#include "libvirt/domain_parts.h"

#include <algorithm>
#include <sstream>

#include "base/digest.h"

namespace xedgesim::libvirt {
namespace {

using pugi::xml_node;

/// vda … vdz, vdaa …
std::string disk_name(size_t index) {
  std::string letters;
  for (size_t n = index + 1; n > 0; n = (n - 1) / 26)
    letters.insert(0, 1, static_cast<char>('a' + (n - 1) % 26));
  return "vd" + letters;
}

}  // namespace

xml_node add_element(xml_node parent, const char* name,
                     std::initializer_list<std::pair<const char*, std::string>> attributes,
                     const char* text) {
  xml_node n = parent.append_child(name);
  for (const auto& [key, value] : attributes) n.append_attribute(key).set_value(value.c_str());
  if (text) n.text().set(text);
  return n;
}

void add_kib(xml_node parent, const char* name, int64_t bytes) {
  add_element(parent, name, {{"unit", "KiB"}}, std::to_string((bytes + 1023) / 1024).c_str());
}

std::string to_xml(const pugi::xml_document& doc) {
  std::ostringstream out;
  doc.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
  return out.str();
}

std::string domain_uuid(const std::string& scenario, const std::string& machine) {
  Digest digest;
  digest.add(scenario);
  digest.add(machine);
  std::string h = digest.hex();
  h[12] = '8';  // RFC 9562: version 8, made by a hash of our own
  h[16] = "89ab"[h[16] % 4];
  return h.substr(0, 8) + "-" + h.substr(8, 4) + "-" + h.substr(12, 4) + "-" + h.substr(16, 4) + "-" +
         h.substr(20);
}

void add_disk(xml_node devices, size_t index, const std::string& format, const std::string& file,
              bool read_only) {
  xml_node disk = add_element(devices, "disk", {{"type", "file"}, {"device", "disk"}});
  add_element(disk, "driver", {{"name", "qemu"}, {"type", format}});
  add_element(disk, "source", {{"file", file}});
  add_element(disk, "target", {{"dev", disk_name(index)}, {"bus", "virtio"}});
  if (read_only) add_element(disk, "readonly");
}

void add_cpu_limits(xml_node domain, std::optional<int64_t> shares, std::optional<double> quota) {
  if (!shares && !quota) return;
  xml_node tune = add_element(domain, "cputune");
  if (shares) add_element(tune, "shares", {}, std::to_string(*shares).c_str());
  if (!quota) return;
  // The global quota is the whole machine's; <quota> would be each vcpu's.
  constexpr int64_t kPeriodUs = 100'000;
  add_element(tune, "global_period", {}, std::to_string(kPeriodUs).c_str());
  const auto us = static_cast<int64_t>(*quota * kPeriodUs);
  add_element(tune, "global_quota", {}, std::to_string(std::max<int64_t>(1000, us)).c_str());
}

void add_memory_limits(xml_node domain, std::optional<int64_t> hard, std::optional<int64_t> soft) {
  if (!hard && !soft) return;
  xml_node memory = add_element(domain, "memtune");
  if (hard) add_kib(memory, "hard_limit", *hard);
  if (soft) add_kib(memory, "soft_limit", *soft);
}

xml_node add_hardware(xml_node domain, vm::Arch arch) {
  const bool arm = arch == vm::Arch::aarch64;
  xml_node os = add_element(domain, "os");
  add_element(os, "type", {{"arch", std::string(vm::to_string(arch))}, {"machine", arm ? "virt" : "q35"}},
              "hvm");
  return os;
}

void add_features(xml_node domain, vm::Arch arch, bool kvm) {
  xml_node features = add_element(domain, "features");
  // libvirt gives an ARM machine ACPI only together with UEFI in flash; others boot by device tree.
  const std::string loader = domain.child("os").child("loader").attribute("type").as_string();
  if (arch == vm::Arch::x86_64 || loader == "pflash") add_element(features, "acpi");
  if (arch == vm::Arch::aarch64)
    add_element(features, "gic", {{"version", kvm ? "host" : "3"}});
  else
    add_element(features, "apic");
}

void add_cpu(xml_node domain, const std::string& model) {
  if (model == "host-passthrough" || model == "host-model" || model == "maximum") {
    add_element(domain, "cpu", {{"mode", model}});
    return;
  }
  xml_node cpu = add_element(domain, "cpu", {{"mode", "custom"}, {"match", "exact"}});
  add_element(cpu, "model", {}, model.c_str());
}

void add_ends(xml_node domain) {
  add_element(domain, "on_poweroff", {}, "destroy");
  add_element(domain, "on_reboot", {}, "restart");
  add_element(domain, "on_crash", {}, "destroy");
}

}  // namespace xedgesim::libvirt
