#pragma once
#include <map>
#include <set>
#include <tuple>

#include "net/ethernet/acl.h"

namespace xedgesim::net::ethernet {

/// What a host or router says about IPv4 multicast groups (RFC 1112, 2236, 3376).
struct IgmpMessage {
  enum class Kind : uint8_t { query, join, leave } kind = Kind::query;
  uint32_t group = 0;  ///< 0: general query
};
/// Every group a frame speaks of; nothing when it is no good IGMP message (checksum included).
std::vector<IgmpMessage> parse_igmp(const Ipv4View& ip, std::span<const uint8_t> frame);

/// IGMP snooping (RFC 4541): multicast goes where it was asked for and to routers. Groups nobody asked for
/// flood, as do 224.0.0.x. Leaves take effect at once (one host a port). Leaves out: source lists of version
/// 3 (a report with sources counts as a join), proxying, being a querier.
class IgmpSnooping {
 public:
  explicit IgmpSnooping(Duration membership = Duration::s(260)) : membership_(membership) {}
  void heard(uint16_t vlan, int port, const IgmpMessage& message, SimTime now);
  /// The ports a group's frames go to; nothing: flood.
  std::optional<std::set<int>> ports(uint16_t vlan, uint32_t group, SimTime now) const;

 private:
  using Places = std::map<int, SimTime>;  // port -> heard last
  std::map<std::pair<uint16_t, uint32_t>, Places> members_;
  std::map<uint16_t, Places> routers_;
  Duration membership_;
};

}  // namespace xedgesim::net::ethernet
