#include "net/ethernet/igmp.h"

namespace xedgesim::net::ethernet {
namespace {

uint32_t group_at(const uint8_t* p) {
  return uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | p[3];
}

bool checksum_good(std::span<const uint8_t> b) {
  uint32_t sum = 0;
  for (size_t i = 0; i < b.size(); ++i) sum += i % 2 ? b[i] : uint32_t{b[i]} << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}

}  // namespace

std::vector<IgmpMessage> parse_igmp(const Ipv4View& ip, std::span<const uint8_t> frame) {
  using Kind = IgmpMessage::Kind;
  constexpr uint8_t kQuery = 0x11, kReport1 = 0x12, kReport2 = 0x16, kLeave = 0x17, kReport3 = 0x22;
  if (ip.protocol != 2 || !ip.first_fragment || ip.payload_size < 8) return {};
  const auto b = frame.subspan(ip.payload_offset, ip.payload_size);
  if (!checksum_good(b)) return {};
  if (b[0] == kQuery) return {{Kind::query, group_at(&b[4])}};
  if (b[0] == kReport1 || b[0] == kReport2) return {{Kind::join, group_at(&b[4])}};
  if (b[0] == kLeave) return {{Kind::leave, group_at(&b[4])}};
  std::vector<IgmpMessage> out;
  if (b[0] != kReport3) return out;
  const size_t records = static_cast<size_t>(b[6] << 8 | b[7]);
  size_t at = 8;
  for (size_t i = 0; i < records && at + 8 <= b.size(); ++i) {
    const uint8_t type = b[at];
    const size_t sources = static_cast<size_t>(b[at + 2] << 8 | b[at + 3]), extra = b[at + 1];
    // MODE_IS_INCLUDE and CHANGE_TO_INCLUDE with no sources ask for nothing.
    const bool none = (type == 1 || type == 3) && sources == 0;
    out.push_back({none ? Kind::leave : Kind::join, group_at(&b[at + 4])});
    at += 8 + 4 * (sources + extra);
  }
  return out;
}

void IgmpSnooping::heard(uint16_t vlan, int port, const IgmpMessage& m, SimTime now) {
  switch (m.kind) {
    case IgmpMessage::Kind::query:
      routers_[vlan][port] = now;
      break;
    case IgmpMessage::Kind::join:
      members_[{vlan, m.group}][port] = now;
      break;
    case IgmpMessage::Kind::leave:
      if (const auto it = members_.find({vlan, m.group}); it != members_.end()) it->second.erase(port);
      break;
  }
}

std::optional<std::set<int>> IgmpSnooping::ports(uint16_t vlan, uint32_t group, SimTime now) const {
  if (group >> 8 == 0xe00000) return std::nullopt;
  const auto known = members_.find({vlan, group});
  if (known == members_.end()) return std::nullopt;
  std::set<int> out;
  for (const auto& [port, heard] : known->second)
    if (now - heard <= membership_) out.insert(port);
  if (const auto routers = routers_.find(vlan); routers != routers_.end())
    for (const auto& [port, heard] : routers->second)
      if (now - heard <= membership_) out.insert(port);
  return out;
}

}  // namespace xedgesim::net::ethernet
