#include "net/ethernet/udp.h"

#include <algorithm>

#include "net/ethernet/network_order.h"

namespace xedgesim::net::ethernet {
namespace {

constexpr size_t kIp = 20, kUdpHead = 8, kArpSize = 28;
constexpr uint8_t kProtocolUdp = 17;

/// One's complement sum of 16-bit words (RFC 1071).
uint16_t ones_sum(std::span<const uint8_t> b, uint32_t start = 0) {
  uint64_t sum = start;
  for (size_t i = 0; i < b.size(); ++i) sum += uint64_t{b[i]} << (i % 2 ? 0 : 8);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

uint32_t pseudo_sum(std::span<const uint8_t> packet, size_t length) {
  return uint32_t{ones_sum(packet.subspan(12, 8))} + kProtocolUdp + static_cast<uint32_t>(length);
}

void store16(sim::Bytes& b, size_t at, uint16_t v) {
  b[at] = static_cast<uint8_t>(v >> 8);
  b[at + 1] = static_cast<uint8_t>(v);
}

}  // namespace

sim::Bytes udp_packet(const UdpAddresses& a, uint16_t identification, std::span<const uint8_t> data) {
  sim::Bytes p;
  p.reserve(kIp + kUdpHead + data.size());
  append_number(p, 0x4500, 2);
  append_number(p, kIp + kUdpHead + data.size(), 2);
  append_number(p, identification, 2);
  append_number(p, 0x4000, 2);  // do not fragment
  append_number(p, 64, 1);      // time to live
  append_number(p, kProtocolUdp, 1);
  append_number(p, 0, 2);
  append_number(p, a.from_ip, 4);
  append_number(p, a.to_ip, 4);
  store16(p, 10, static_cast<uint16_t>(~ones_sum(p)));
  append_number(p, a.from_port, 2);
  append_number(p, a.to_port, 2);
  append_number(p, kUdpHead + data.size(), 2);
  append_number(p, 0, 2);
  p.insert(p.end(), data.begin(), data.end());
  const auto udp = std::span<const uint8_t>(p).subspan(kIp);
  const auto sum = static_cast<uint16_t>(~ones_sum(udp, pseudo_sum(p, udp.size())));
  store16(p, kIp + 6, sum ? sum : 0xffff);
  return p;
}

std::optional<UdpView> parse_udp(std::span<const uint8_t> p) {
  if (p.size() < kIp || p[0] >> 4 != 4) return std::nullopt;
  const size_t head = size_t{p[0] & 0x0fu} * 4, total = number_at(p, 2, 2);
  if (head < kIp || total > p.size() || total < head + kUdpHead || ones_sum(p.first(head)) != 0xffff ||
      p[9] != kProtocolUdp || (number_at(p, 6, 2) & 0x3fff) != 0)
    return std::nullopt;
  const auto udp = p.subspan(head, total - head);
  const size_t length = number_at(udp, 4, 2);
  if (length < kUdpHead || length > udp.size()) return std::nullopt;
  if (number_at(udp, 6, 2) != 0 && ones_sum(udp.first(length), pseudo_sum(p, length)) != 0xffff)
    return std::nullopt;
  return UdpView{.addresses = {.from_ip = static_cast<uint32_t>(number_at(p, 12, 4)),
                               .to_ip = static_cast<uint32_t>(number_at(p, 16, 4)),
                               .from_port = static_cast<uint16_t>(number_at(udp, 0, 2)),
                               .to_port = static_cast<uint16_t>(number_at(udp, 2, 2))},
                 .data = udp.subspan(kUdpHead, length - kUdpHead)};
}

std::optional<ArpAnswer> answer_arp(std::span<const uint8_t> b, uint32_t ip, Mac mac) {
  constexpr uint64_t kRequest = 0x0001080006040001, kReply = 0x0001080006040002;
  if (b.size() < kArpSize || number_at(b, 0, 8) != kRequest || number_at(b, 24, 4) != ip ||
      number_at(b, 14, 4) == ip)
    return std::nullopt;
  ArpAnswer answer{.asker = Mac{number_at(b, 8, 6)}, .payload = {}};
  append_number(answer.payload, kReply, 8);
  append_number(answer.payload, static_cast<uint64_t>(mac), 6);
  append_number(answer.payload, ip, 4);
  answer.payload.insert(answer.payload.end(), b.begin() + 8, b.begin() + 18);
  return answer;
}

}  // namespace xedgesim::net::ethernet
