#include "net/ethernet/rmon.h"

namespace xedgesim::net::ethernet {

void Rmon::received(size_t frame_bytes, bool is_broadcast, bool is_group, bool tagged) {
  const size_t size = frame_bytes + 4;
  ++pkts;
  octets += size;
  if (is_broadcast) {
    ++broadcast;
  } else if (is_group) {
    ++multicast;
  }
  if (size < 64) ++undersize;
  if (size > (tagged ? 1526u : 1518u)) ++oversize;
  constexpr std::array<size_t, 6> kUpTo{64, 127, 255, 511, 1023, 1526};
  for (size_t i = 0; i < kUpTo.size(); ++i) {
    if (size > kUpTo[i]) continue;
    if (size >= 64) ++sizes[i];
    break;
  }
}

std::vector<std::pair<std::string_view, uint64_t>> Rmon::named() const {
  return {{"etherStatsDropEvents", drop_events},
          {"etherStatsOctets", octets},
          {"etherStatsPkts", pkts},
          {"etherStatsBroadcastPkts", broadcast},
          {"etherStatsMulticastPkts", multicast},
          {"etherStatsCRCAlignErrors", 0},
          {"etherStatsUndersizePkts", undersize},
          {"etherStatsOversizePkts", oversize},
          {"etherStatsFragments", 0},
          {"etherStatsJabbers", 0},
          {"etherStatsCollisions", 0},
          {"etherStatsPkts64Octets", sizes[0]},
          {"etherStatsPkts65to127Octets", sizes[1]},
          {"etherStatsPkts128to255Octets", sizes[2]},
          {"etherStatsPkts256to511Octets", sizes[3]},
          {"etherStatsPkts512to1023Octets", sizes[4]},
          {"etherStatsPkts1024to1518Octets", sizes[5]},
          {"ifOutOctets", out_octets},
          {"ifOutPkts", out_pkts},
          {"vlanFiltered", vlan_filtered},
          {"aclDenied", acl_denied},
          {"stormSuppressed", storm_suppressed},
          {"stpBlocked", blocked},
          {"reservedAddress", reserved},
          {"malformed", malformed}};
}

}  // namespace xedgesim::net::ethernet
