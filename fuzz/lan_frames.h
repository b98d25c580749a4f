#pragma once
#include <cstdint>
#include <span>

#include "base/error.h"
#include "lan/responder.h"
#include "net/ethernet/udp.h"

/// Shared by the libFuzzer target and the test with random bytes.
namespace xedgesim::fuzz {

/// What a machine may send to whoever gives addresses and names: a frame as it is, and the same bytes as a
/// DHCP message and as a DNS query in good packets.
inline void lan_frame(std::span<const uint8_t> bytes) {
  namespace ethernet = net::ethernet;
  constexpr ethernet::Mac kGuest{0x525400123401};
  lan::Responder responder(
      {.ip = 0x0a000001,
       .prefix = 24,
       .domain = "local",
       .hosts = {{"a", kGuest, 0x0a00000a}, {"b", ethernet::Mac{0x525400123402}, 0x0a00000b}}});
  const auto sent = [&](std::span<const uint8_t> frame) {
    const auto outcome = responder.take(frame);
    XEDGESIM_ASSERT(outcome.taken || outcome.answers.empty());
    for (const sim::Bytes& answer : outcome.answers) {
      const auto h = ethernet::parse(answer);
      XEDGESIM_ASSERT(h && h->source == responder.mac() &&
                      answer.size() <= ethernet::kHeader + ethernet::kMaxPayload);
      if (h->type != ethernet::ether_type::kIpv4 || answer[h->size + 9] != 17) continue;
      XEDGESIM_ASSERT(ethernet::parse_udp(std::span(answer).subspan(h->size)));
    }
  };
  sent(bytes);
  const ethernet::Header head{
      .destination = responder.mac(), .source = kGuest, .type = ethernet::ether_type::kIpv4};
  for (const uint16_t port : {lan::dhcp::kServerPort, lan::kDnsPort})
    if (bytes.size() <= 1400)
      sent(ethernet::build(
          head,
          ethernet::udp_packet({.from_ip = 0x0a00000a, .to_ip = 0x0a000001, .from_port = 68, .to_port = port},
                               1, bytes)));
}

}  // namespace xedgesim::fuzz
