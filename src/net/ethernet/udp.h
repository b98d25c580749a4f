#pragma once
#include <cstdint>
#include <optional>
#include <span>

#include "net/ethernet/frame.h"

namespace xedgesim::net::ethernet {

/// Addresses of a datagram; numbers as they are read (10.0.0.1 is 0x0a000001).
struct UdpAddresses {
  uint32_t from_ip = 0, to_ip = 0;
  uint16_t from_port = 0, to_port = 0;
};

/// IPv4 (RFC 791, no options, not to be fragmented) and UDP (RFC 768) around `data`: the payload of a frame
/// of type kIpv4.
sim::Bytes udp_packet(const UdpAddresses& addresses, uint16_t identification, std::span<const uint8_t> data);

struct UdpView {
  UdpAddresses addresses;
  std::span<const uint8_t> data;  ///< into the packet
};
/// Nothing when the packet is no UDP datagram, is a fragment, or has a wrong length or checksum.
std::optional<UdpView> parse_udp(std::span<const uint8_t> packet);

/// The answer to an ARP request for `ip` (RFC 826): the payload of a frame of type kArp to `asker`. Nothing
/// for anything else.
struct ArpAnswer {
  Mac asker{};
  sim::Bytes payload;
};
std::optional<ArpAnswer> answer_arp(std::span<const uint8_t> request, uint32_t ip, Mac mac);

}  // namespace xedgesim::net::ethernet
