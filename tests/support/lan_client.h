// A network of two machines, and what a client of it sends and hears: DHCP and DNS, byte by byte.
#pragma once
#include <algorithm>
#include <string>

#include "lan/responder.h"
#include "net/ethernet/network_order.h"
#include "net/ethernet/udp.h"

namespace xedgesim::lan {

using ethernet::Mac;
using sim::Bytes;

inline constexpr Mac kA{0x525400123401}, kB{0x525400123402}, kStranger{0x020000000001};
inline constexpr uint32_t kServer = 0xc0a86401, kAddressA = 0xc0a8640a,
                          kAddressB = 0xc0a8640b;  // 192.168.100.x

inline Responder::Config config() {
  return {.ip = kServer,
          .prefix = 24,
          .domain = "local",
          .hosts = {{"chassis", kA, kAddressA}, {"Compute-2", kB, kAddressB}}};
}

/// RFC 2131, figure 1, by hand.
inline Bytes client_message(Mac mac, std::initializer_list<int> options, uint32_t ciaddr = 0,
                            bool broadcast = false) {
  Bytes b{1, 1, 6, 0};
  ethernet::append_number(b, 0xcafe0001, 4);
  ethernet::append_number(b, 0, 2);
  ethernet::append_number(b, broadcast ? 0x8000 : 0, 2);
  ethernet::append_number(b, ciaddr, 4);
  b.resize(28);
  ethernet::append_number(b, static_cast<uint64_t>(mac), 6);
  b.resize(236);
  ethernet::append_number(b, 0x63825363, 4);
  for (const int o : options) b.push_back(static_cast<uint8_t>(o));
  return b;
}

inline Bytes to_server(Mac from, const Bytes& datagram, uint32_t from_ip = 0, Mac to = ethernet::kBroadcast) {
  return ethernet::build(
      {.destination = to, .source = from, .type = ethernet::ether_type::kIpv4},
      ethernet::udp_packet(
          {.from_ip = from_ip, .to_ip = from_ip ? kServer : 0xffffffff, .from_port = 68, .to_port = 67}, 1,
          datagram));
}

/// The datagram of a frame.
struct Answer {
  ethernet::UdpAddresses addresses{};
  Bytes data{};
};
inline std::optional<Answer> answer_in(std::span<const uint8_t> frame) {
  const auto h = ethernet::parse(frame);
  const auto udp = ethernet::parse_udp(frame.subspan(h->size));
  if (!udp) return std::nullopt;
  return Answer{udp->addresses, Bytes(udp->data.begin(), udp->data.end())};
}

inline std::optional<Answer> only_answer(const Responder::Outcome& o) {
  return o.answers.size() == 1 ? answer_in(o.answers[0]) : std::nullopt;
}

/// Value of a DHCP option; empty when it is not there.
inline Bytes option(const Bytes& reply, int code) {
  for (size_t at = 240; at + 1 < reply.size() && reply[at] != 255; at += 2 + reply[at + 1])
    if (reply[at] == code)
      return Bytes(reply.begin() + static_cast<std::ptrdiff_t>(at) + 2,
                   reply.begin() + static_cast<std::ptrdiff_t>(at) + 2 + reply[at + 1]);
  return {};
}

inline std::string text(const Bytes& b) { return {b.begin(), b.end()}; }

inline Bytes query(const std::string& name, int type, int flags = 0x0100, int klass = 1) {
  Bytes q;
  ethernet::append_number(q, 0x1234, 2);
  ethernet::append_number(q, static_cast<uint64_t>(flags), 2);
  ethernet::append_number(q, 1, 2);
  ethernet::append_number(q, 0, 6);
  for (size_t begin = 0; begin < name.size();) {
    const size_t dot = std::min(name.find('.', begin), name.size());
    q.push_back(static_cast<uint8_t>(dot - begin));
    for (size_t i = begin; i < dot; ++i) q.push_back(static_cast<uint8_t>(name[i]));
    begin = dot + 1;
  }
  q.push_back(0);
  ethernet::append_number(q, static_cast<uint64_t>(type), 2);
  ethernet::append_number(q, static_cast<uint64_t>(klass), 2);
  return q;
}

inline int result_of(const Bytes& answer) { return answer[3] & 15; }

}  // namespace xedgesim::lan
