#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/ethernet/frame.h"

/// DHCP messages (RFC 2131, options of RFC 2132), as far as a server with fixed addresses needs them.
namespace xedgesim::lan {

namespace ethernet = net::ethernet;

namespace dhcp {
constexpr uint16_t kServerPort = 67, kClientPort = 68;
enum class Type : uint8_t { discover = 1, offer, request, decline, ack, nak, release, inform };
}  // namespace dhcp

/// What a client asks.
struct DhcpRequest {
  dhcp::Type type = dhcp::Type::discover;
  uint32_t transaction = 0;
  uint16_t seconds = 0;
  bool broadcast = false;  ///< it cannot take unicast yet
  uint32_t client_ip = 0;  ///< ciaddr: the address it uses
  uint32_t relay_ip = 0;   ///< giaddr
  ethernet::Mac client{};
  std::optional<uint32_t> requested_ip{}, server{};
};

/// Nothing for what is no well-formed message of a client on Ethernet.
std::optional<DhcpRequest> parse_dhcp(std::span<const uint8_t> datagram);

/// What a client is given.
struct DhcpLease {
  uint32_t ip = 0, server = 0;
  int prefix = 24;
  uint32_t router = 0;  ///< 0: none
  std::string hostname{}, domain{};
  uint32_t seconds = 3600;
};

/// The datagram of an offer or ack (of an inform's ack: `with_address` false), at least the 300 bytes that
/// old clients want (RFC 1542, 2.1).
sim::Bytes dhcp_reply(const DhcpRequest& request, dhcp::Type type, const DhcpLease& lease,
                      bool with_address = true);
sim::Bytes dhcp_nak(const DhcpRequest& request, uint32_t server);

}  // namespace xedgesim::lan
