#include "lan/dhcp.h"

#include "net/ethernet/network_order.h"

namespace xedgesim::lan {
namespace {

// RFC 2131, figure 1.
constexpr size_t kHead = 236, kCookie = 240, kShortestReply = 300;
constexpr uint32_t kMagic = 0x63825363;
constexpr uint8_t kBootRequest = 1, kBootReply = 2, kEthernet = 1;
constexpr uint16_t kBroadcastFlag = 0x8000;
constexpr size_t kLongestName = 63;

// RFC 2132.
enum Option : uint8_t {
  pad = 0,
  subnet_mask = 1,
  router = 3,
  dns_servers = 6,
  host_name = 12,
  domain_name = 15,
  broadcast_address = 28,
  requested_address = 50,
  lease_time = 51,
  message_type = 53,
  server_identifier = 54,
  end = 255
};

void option(sim::Bytes& out, Option code, uint64_t value, int bytes) {
  out.push_back(code);
  out.push_back(static_cast<uint8_t>(bytes));
  ethernet::append_number(out, value, bytes);
}

void option(sim::Bytes& out, Option code, const std::string& text) {
  if (text.empty()) return;
  const std::string cut = text.substr(0, kLongestName);
  out.push_back(code);
  out.push_back(static_cast<uint8_t>(cut.size()));
  out.insert(out.end(), cut.begin(), cut.end());
}

sim::Bytes head(const DhcpRequest& r, uint32_t your_ip, uint32_t client_ip) {
  sim::Bytes out;
  out.reserve(kShortestReply);
  ethernet::append_number(out, kBootReply, 1);
  ethernet::append_number(out, kEthernet, 1);
  ethernet::append_number(out, 6, 1);  // bytes of an address
  ethernet::append_number(out, 0, 1);  // hops
  ethernet::append_number(out, r.transaction, 4);
  ethernet::append_number(out, 0, 2);
  ethernet::append_number(out, r.broadcast ? kBroadcastFlag : 0, 2);
  ethernet::append_number(out, client_ip, 4);
  ethernet::append_number(out, your_ip, 4);
  ethernet::append_number(out, 0, 4);  // next server
  ethernet::append_number(out, r.relay_ip, 4);
  ethernet::append_number(out, static_cast<uint64_t>(r.client), 6);
  out.resize(kHead);
  ethernet::append_number(out, kMagic, 4);
  return out;
}

void finish(sim::Bytes& out) {
  out.push_back(Option::end);
  if (out.size() < kShortestReply) out.resize(kShortestReply);
}

}  // namespace

std::optional<DhcpRequest> parse_dhcp(std::span<const uint8_t> b) {
  if (b.size() < kCookie || b[0] != kBootRequest || b[1] != kEthernet || b[2] != 6 ||
      ethernet::number_at(b, kHead, 4) != kMagic)
    return std::nullopt;
  DhcpRequest r{.transaction = static_cast<uint32_t>(ethernet::number_at(b, 4, 4)),
                .seconds = static_cast<uint16_t>(ethernet::number_at(b, 8, 2)),
                .broadcast = (ethernet::number_at(b, 10, 2) & kBroadcastFlag) != 0,
                .client_ip = static_cast<uint32_t>(ethernet::number_at(b, 12, 4)),
                .relay_ip = static_cast<uint32_t>(ethernet::number_at(b, 24, 4)),
                .client = ethernet::Mac{ethernet::number_at(b, 28, 6)}};
  bool typed = false;
  for (size_t at = kCookie; at < b.size() && b[at] != Option::end;) {
    if (b[at] == Option::pad) {
      ++at;
      continue;
    }
    if (at + 2 > b.size() || at + 2 + b[at + 1] > b.size()) return std::nullopt;
    const size_t value = at + 2, length = b[at + 1];
    if (b[at] == Option::message_type) {
      if (length != 1 || b[value] < 1 || b[value] > 8) return std::nullopt;
      r.type = static_cast<dhcp::Type>(b[value]);
      typed = true;
    } else if (b[at] == Option::requested_address && length == 4) {
      r.requested_ip = static_cast<uint32_t>(ethernet::number_at(b, value, 4));
    } else if (b[at] == Option::server_identifier && length == 4) {
      r.server = static_cast<uint32_t>(ethernet::number_at(b, value, 4));
    }
    at = value + length;
  }
  if (!typed) return std::nullopt;  // BOOTP
  return r;
}

sim::Bytes dhcp_reply(const DhcpRequest& request, dhcp::Type type, const DhcpLease& lease,
                      bool with_address) {
  const uint32_t mask = lease.prefix == 0 ? 0 : 0xffffffffu << (32 - lease.prefix);
  sim::Bytes out = head(request, with_address ? lease.ip : 0, request.client_ip);
  option(out, Option::message_type, static_cast<uint8_t>(type), 1);
  option(out, Option::server_identifier, lease.server, 4);
  if (with_address) option(out, Option::lease_time, lease.seconds, 4);
  option(out, Option::subnet_mask, mask, 4);
  option(out, Option::broadcast_address, lease.ip | ~mask, 4);
  if (lease.router != 0) option(out, Option::router, lease.router, 4);
  option(out, Option::dns_servers, lease.server, 4);
  option(out, Option::host_name, lease.hostname);
  option(out, Option::domain_name, lease.domain);
  finish(out);
  return out;
}

sim::Bytes dhcp_nak(const DhcpRequest& request, uint32_t server) {
  sim::Bytes out = head(request, 0, 0);
  option(out, Option::message_type, static_cast<uint8_t>(dhcp::Type::nak), 1);
  option(out, Option::server_identifier, server, 4);
  finish(out);
  return out;
}

}  // namespace xedgesim::lan
