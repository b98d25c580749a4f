#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace xedgesim::net::ethernet {

/// etherStats of RFC 2819 for the frames that come in by a port, and ifOut counters for those that leave.
/// Octets include the four of the FCS, as the RFC asks. There are no collisions on full-duplex cables, and a
/// spoiled frame is not told from a good one (frame.h), so those counters stay zero.
struct Rmon {
  uint64_t drop_events = 0, octets = 0, pkts = 0, broadcast = 0, multicast = 0, undersize = 0, oversize = 0;
  std::array<uint64_t, 6> sizes{};  ///< 64, 65-127, 128-255, 256-511, 512-1023, 1024-1518
  uint64_t out_octets = 0, out_pkts = 0;
  /// Why frames were dropped at this port.
  uint64_t vlan_filtered = 0, acl_denied = 0, storm_suppressed = 0, blocked = 0, reserved = 0, malformed = 0;

  void received(size_t frame_bytes, bool is_broadcast, bool is_group, bool tagged);
  void sent(size_t frame_bytes) {
    ++out_pkts;
    out_octets += frame_bytes + 4;
  }
  /// RFC names ("etherStatsPkts64Octets") with their values, in the order of the RFC, then ours.
  std::vector<std::pair<std::string_view, uint64_t>> named() const;
};

}  // namespace xedgesim::net::ethernet
