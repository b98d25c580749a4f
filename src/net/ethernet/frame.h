#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sim/event.h"

/// Ethernet II / IEEE 802.3 frames from destination address to payload: no preamble, no FCS (a corrupted
/// frame is one with a wrong bit, as netem makes it).
namespace xedgesim::net::ethernet {

/// A 48-bit address as a number: the first octet on the wire is the highest.
enum class Mac : uint64_t {};
constexpr Mac kBroadcast{0xffff'ffff'ffff};
constexpr bool is_group(Mac m) { return (static_cast<uint64_t>(m) >> 40 & 1) != 0; }
/// As on the wire.
constexpr std::array<uint8_t, 6> octets(Mac m) {
  std::array<uint8_t, 6> out{};
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<uint8_t>(static_cast<uint64_t>(m) >> (8 * (out.size() - 1 - i)));
  return out;
}
std::string to_string(Mac m);                    ///< "52:54:00:12:34:01"
std::optional<Mac> parse_mac(std::string_view);  ///< two hex digits six times, with ':' or '-'

namespace ether_type {
constexpr uint16_t kIpv4 = 0x0800, kArp = 0x0806, kCustomerTag = 0x8100, kIpv6 = 0x86DD, kServiceTag = 0x88A8,
                   kLocalExperimental = 0x88B5;
}

constexpr size_t kHeader = 14, kTag = 4;
constexpr size_t kMinFrame = 60, kMaxPayload = 1500;

/// One 802.1Q or 802.1ad tag.
struct Tag {
  uint16_t type = ether_type::kCustomerTag;
  uint8_t pcp = 0;   ///< priority, 0..7
  bool dei = false;  ///< drop eligible
  uint16_t vid = 0;  ///< 0: priority only
  bool operator==(const Tag&) const = default;
  uint16_t tci() const { return static_cast<uint16_t>(pcp << 13 | (dei ? 1 << 12 : 0) | vid); }
};

/// What stands before the payload. At most two tags are read; what follows counts as payload.
struct Header {
  Mac destination{}, source{};
  std::array<Tag, 2> tags{};
  uint8_t tag_count = 0;
  uint16_t type = 0;  ///< EtherType, or below 0x0600 a length (802.3 with LLC)
  size_t size = kHeader;
  bool operator==(const Header&) const = default;
};

/// Nothing when the frame ends inside its header.
std::optional<Header> parse(std::span<const uint8_t> frame);
/// Header and payload, padded with zeros to kMinFrame.
sim::Bytes build(const Header& header, std::span<const uint8_t> payload);
/// The frame with `tags` in place of the `have` it carries.
sim::Bytes retagged(std::span<const uint8_t> frame, size_t have, std::span<const Tag> tags);

/// What classes and filters look at.
struct Priority {
  uint8_t pcp = 0;
  uint8_t dscp = 0;  ///< of IPv4 and IPv6
  uint16_t vid = 0;  ///< of the outer tag, 0 without one
};
Priority priority_of(std::span<const uint8_t> frame);

}  // namespace xedgesim::net::ethernet
