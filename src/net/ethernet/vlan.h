#pragma once
#include <bitset>
#include <optional>
#include <span>

#include "net/ethernet/frame.h"

namespace xedgesim::net::ethernet {

/// How a port takes part in VLANs (IEEE 802.1Q).
struct VlanPort {
  /// unaware: tags are payload, everything is VLAN 1. access: one VLAN, untagged. trunk: tagged with type
  /// 0x8100, or 0x88A8 with `service`; `native` untagged. tunnel: whatever comes in gets the service tag of
  /// `vlan` around it (802.1ad customer port), which is taken off on the way out.
  enum class Mode : uint8_t { unaware, access, trunk, tunnel } mode = Mode::unaware;
  uint16_t vlan = 1;            ///< access, tunnel: its VLAN
  uint16_t native = 0;          ///< trunk: VLAN of untagged frames; 0: they are dropped
  bool service = false;         ///< trunk: 802.1ad tags
  std::bitset<4096> carries{};  ///< trunk: VLANs
  bool is_member(uint16_t v) const;
};

/// What a frame is taken for at the port it comes in by.
struct Ingress {
  uint16_t vlan = 1;
  uint8_t pcp = 0;
  bool dei = false;
  uint8_t strip = 0;  ///< outer tags that belong to the VLAN, not to the sender's frame: 0 or 1
};

/// Nothing when the port does not admit the frame.
std::optional<Ingress> classify(const VlanPort& port, const Header& header);

/// The frame as it leaves by `port`: the same bytes where nothing changes.
sim::SharedBytes egress_form(const VlanPort& port, const Ingress& in, const Header& header,
                             const sim::SharedBytes& frame);

}  // namespace xedgesim::net::ethernet
