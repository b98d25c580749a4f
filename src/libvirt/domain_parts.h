#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <utility>

#include "vm/machine.h"

namespace xedgesim::libvirt {

/// Pieces of libvirt's domain XML (libvirt.org/formatdomain), for `export libvirt` and for the machines we
/// start by libvirt ourselves. Texts must be free of control characters.

/// An element with attributes and perhaps text.
pugi::xml_node add_element(pugi::xml_node parent, const char* name,
                           std::initializer_list<std::pair<const char*, std::string>> attributes = {},
                           const char* text = nullptr);
/// A size in whole KiB, rounded up.
void add_kib(pugi::xml_node parent, const char* name, int64_t bytes);
std::string to_xml(const pugi::xml_document& doc);

/// The same machine of the same scenario has the same id, so that it can be defined again.
std::string domain_uuid(const std::string& scenario, const std::string& machine);

/// virtio disk number `index` (vda, vdb, …) in a file.
void add_disk(pugi::xml_node devices, size_t index, const std::string& format, const std::string& file,
              bool read_only);

/// <cputune>: weight, and processor time of the whole machine (1.0: a core).
void add_cpu_limits(pugi::xml_node domain, std::optional<int64_t> shares, std::optional<double> quota);
/// <memtune>, in bytes.
void add_memory_limits(pugi::xml_node domain, std::optional<int64_t> hard, std::optional<int64_t> soft);
/// <os> with its <type>, <features>.
pugi::xml_node add_hardware(pugi::xml_node domain, vm::Arch arch);
void add_features(pugi::xml_node domain, vm::Arch arch, bool kvm);
/// host-passthrough, host-model and maximum, or the name of a model.
void add_cpu(pugi::xml_node domain, const std::string& model);
/// What becomes of a machine that switches itself off, resets itself, or crashes.
void add_ends(pugi::xml_node domain);

}  // namespace xedgesim::libvirt
