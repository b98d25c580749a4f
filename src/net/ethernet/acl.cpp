#include "net/ethernet/acl.h"

#include <algorithm>

namespace xedgesim::net::ethernet {
namespace {

uint32_t u32(const uint8_t* p) {
  return uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | p[3];
}

template <class T, class V>
bool fits(const std::optional<T>& wanted, const V& value) {
  return !wanted || *wanted == value;
}

bool fits_ip(const AclRule& r, const std::optional<Ipv4View>& ip) {
  if (!r.ip_source && !r.ip_destination && !r.protocol && !r.source_port && !r.destination_port) return true;
  if (!ip) return false;
  return (!r.ip_source || r.ip_source->contains(ip->source)) &&
         (!r.ip_destination || r.ip_destination->contains(ip->destination)) &&
         fits(r.protocol, ip->protocol) && (!r.source_port || ip->source_port == r.source_port) &&
         (!r.destination_port || ip->destination_port == r.destination_port);
}

}  // namespace

std::optional<Ipv4View> ipv4_of(const Header& h, std::span<const uint8_t> f) {
  if (h.type != ether_type::kIpv4 || f.size() < h.size + 20) return std::nullopt;
  const uint8_t* ip = f.data() + h.size;
  const size_t header = (ip[0] & 15u) * 4, total = static_cast<size_t>(ip[2] << 8 | ip[3]);
  if (ip[0] >> 4 != 4 || header < 20 || total < header || f.size() < h.size + total) return std::nullopt;
  Ipv4View v{.source = u32(ip + 12),
             .destination = u32(ip + 16),
             .protocol = ip[9],
             .first_fragment = ((ip[6] & 0x1f) << 8 | ip[7]) == 0,
             .payload_offset = h.size + header,
             .payload_size = total - header};
  if ((v.protocol == 6 || v.protocol == 17) && v.first_fragment && v.payload_size >= 4) {
    const uint8_t* l4 = f.data() + v.payload_offset;
    v.source_port = static_cast<uint16_t>(l4[0] << 8 | l4[1]);
    v.destination_port = static_cast<uint16_t>(l4[2] << 8 | l4[3]);
  }
  return v;
}

const AclRule* Acl::match(int port, uint16_t vlan, const Header& h, std::span<const uint8_t> frame) const {
  if (rules_.empty()) return nullptr;
  const auto ip = ipv4_of(h, frame);
  for (const AclRule& r : rules_) {
    if (!r.ports.empty() && std::find(r.ports.begin(), r.ports.end(), port) == r.ports.end()) continue;
    if (!fits(r.source, h.source) || !fits(r.destination, h.destination) || !fits(r.vlan, vlan) ||
        !fits(r.type, h.type) || !fits_ip(r, ip))
      continue;
    ++r.hits;
    return &r;
  }
  return nullptr;
}

}  // namespace xedgesim::net::ethernet
