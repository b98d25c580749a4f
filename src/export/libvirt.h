#pragma once
#include "export/result.h"
#include "export/topology.h"

namespace xedgesim::exporter {

struct LibvirtOptions {
  bool emulate = false;  ///< type qemu (TCG) for x86_64 too, for hosts without KVM
};

/// One domain XML a node of type vm, one network XML a bridge that libvirt is to make, README.md with the
/// commands. Rates are converted to libvirt's kibibytes a second. Machines boot an overlay of their image, so
/// the image stays the file the simulation used.
///
/// Switches of backend native and ovs become Open vSwitch bridges (export ovs); with backend bridge, or
/// without any switch, libvirt makes the bridge and serves DHCP and DNS on it. Throws ExportError when there
/// is no such node, and for text that XML 1.0 cannot hold.
Result export_libvirt(const scenario::Scenario& scenario, const LibvirtOptions& options);

/// The XML of one machine.
std::string domain_xml(const scenario::Scenario& scenario, const Topology& topology, const Machine& machine,
                       const LibvirtOptions& options, Result& result);
/// qemu-img commands for the machine's disks that must exist before it starts.
std::vector<std::vector<std::string>> disk_commands(const Machine& machine);
/// Whether Open vSwitch has that bridge.
bool on_ovs(const Bridge& bridge);

/// Bits a second as libvirt's whole kibibytes a second, at least 1.
int64_t kibibytes_per_second(int64_t bits_per_second);

}  // namespace xedgesim::exporter
