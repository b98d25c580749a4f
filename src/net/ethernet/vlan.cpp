#include "net/ethernet/vlan.h"

namespace xedgesim::net::ethernet {

bool VlanPort::is_member(uint16_t v) const {
  switch (mode) {
    case Mode::unaware:
      return v == 1;
    case Mode::access:
    case Mode::tunnel:
      return v == vlan;
    case Mode::trunk:
      return v == native || (v < carries.size() && carries[v]);
  }
  return false;
}

std::optional<Ingress> classify(const VlanPort& port, const Header& h) {
  const Tag* outer = h.tag_count > 0 ? &h.tags[0] : nullptr;
  switch (port.mode) {
    case VlanPort::Mode::unaware:
      return Ingress{.vlan = 1, .pcp = outer ? outer->pcp : uint8_t{0}};
    case VlanPort::Mode::tunnel:
      return Ingress{.vlan = port.vlan, .pcp = outer ? outer->pcp : uint8_t{0}};
    case VlanPort::Mode::access:
      if (!outer) return Ingress{.vlan = port.vlan};
      if (outer->type != ether_type::kCustomerTag || (outer->vid != 0 && outer->vid != port.vlan))
        return std::nullopt;
      return Ingress{.vlan = port.vlan, .pcp = outer->pcp, .dei = outer->dei, .strip = 1};
    case VlanPort::Mode::trunk:
      break;
  }
  const uint16_t type = port.service ? ether_type::kServiceTag : ether_type::kCustomerTag;
  if (!outer || outer->type != type || outer->vid == 0) {
    if (port.native == 0) return std::nullopt;
    const bool priority_tagged = outer && outer->type == type;
    return Ingress{.vlan = port.native,
                   .pcp = priority_tagged ? outer->pcp : uint8_t{0},
                   .strip = static_cast<uint8_t>(priority_tagged)};
  }
  if (!port.is_member(outer->vid)) return std::nullopt;
  return Ingress{.vlan = outer->vid, .pcp = outer->pcp, .dei = outer->dei, .strip = 1};
}

sim::SharedBytes egress_form(const VlanPort& port, const Ingress& in, const Header& h,
                             const sim::SharedBytes& frame) {
  if (port.mode == VlanPort::Mode::unaware) return frame;
  const bool tagged = port.mode == VlanPort::Mode::trunk && in.vlan != port.native;
  const uint16_t type = port.service ? ether_type::kServiceTag : ether_type::kCustomerTag;
  const Tag tag{.type = type, .pcp = in.pcp, .dei = in.dei, .vid = in.vlan};
  if (!tagged && in.strip == 0) return frame;
  if (tagged && in.strip == 1 && h.tags[0] == tag) return frame;
  return std::make_shared<const sim::Bytes>(retagged(*frame, in.strip, std::span(&tag, tagged ? 1 : 0)));
}

}  // namespace xedgesim::net::ethernet
