#pragma once
#include "export/result.h"
#include "export/topology.h"

namespace xedgesim::exporter {

struct OvsOptions {
  enum class Datapath { system, netdev };  ///< the kernel's module, or in user space (no module needed)
  Datapath datapath = Datapath::system;
};

/// apply.sh and remove.sh: ovs-vsctl and ovs-ofctl commands for every switch whose backend is not `bridge`.
/// VLANs, RSTP, ageing, bonds, mirrors, queues (linux-htb), access rules (flows), storm control and ingress
/// limits (OpenFlow 1.3 meters, because ingress_policing_rate does nothing on the user-space datapath). Ports
/// without a cable become internal ports. What Open vSwitch has no counterpart for is warned about.
///
/// Flows stand in table 0 (access rules), 1 (meters) and 2 (queues, then NORMAL).
/// Throws ExportError when there is no such switch.
Result export_ovs(const scenario::Scenario& scenario, const OvsOptions& options);

}  // namespace xedgesim::exporter
