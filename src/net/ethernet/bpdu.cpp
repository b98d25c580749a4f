#include "net/ethernet/rstp.h"

namespace xedgesim::net::ethernet {
namespace {

void put(sim::Bytes& out, uint64_t v, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<uint8_t>(v >> (8 * i)));
}

uint64_t get(std::span<const uint8_t> b, size_t at, int bytes) {
  uint64_t v = 0;
  for (int i = 0; i < bytes; ++i) v = v << 8 | b[at + static_cast<size_t>(i)];
  return v;
}

constexpr size_t kLlc = 3, kConfigSize = 35, kRapidSize = 36;
constexpr int kSecond = 256;  // times are in units of 1/256 s

}  // namespace

sim::Bytes build_bpdu(Mac source, const Bpdu& b) {
  sim::Bytes body{0x42, 0x42, 0x03};  // LLC: bridge spanning tree, unnumbered information
  put(body, 0, 2);                    // protocol
  put(body, 2, 1);                    // rapid spanning tree
  put(body, 2, 1);
  const int role = static_cast<int>(b.role);
  put(body,
      static_cast<uint64_t>((b.topology_change ? 1 : 0) | (b.proposal ? 2 : 0) | role << 2 |
                            (b.learning ? 16 : 0) | (b.forwarding ? 32 : 0) | (b.agreement ? 64 : 0)),
      1);
  put(body, b.vector.root, 8);
  put(body, b.vector.cost, 4);
  put(body, b.vector.bridge, 8);
  put(body, b.vector.port, 2);
  put(body, static_cast<uint64_t>(b.message_age * kSecond), 2);
  put(body, static_cast<uint64_t>(Rstp::kMaxAge * kSecond), 2);
  put(body, static_cast<uint64_t>(Rstp::kHello / Duration::s(1) * kSecond), 2);
  put(body, static_cast<uint64_t>(Rstp::kForwardDelay / Duration::s(1) * kSecond), 2);
  put(body, 0, 1);  // version 1 length
  return build({.destination = kBridgeGroup, .source = source, .type = static_cast<uint16_t>(body.size())},
               body);
}

std::optional<Bpdu> parse_bpdu(const Header& h, std::span<const uint8_t> frame) {
  if (h.destination != kBridgeGroup || h.type >= 0x0600) return std::nullopt;
  if (h.type < kLlc + kConfigSize || frame.size() < h.size + h.type) return std::nullopt;
  const auto b = frame.subspan(h.size, h.type);
  if (b[0] != 0x42 || b[1] != 0x42 || b[2] != 0x03 || get(b, kLlc, 2) != 0) return std::nullopt;
  const auto version = b[kLlc + 2], type = b[kLlc + 3];
  const bool rapid = type == 2 && version >= 2 && b.size() >= kLlc + kRapidSize;
  if (!rapid && type != 0) return std::nullopt;
  const uint8_t flags = b[kLlc + 4];
  Bpdu out;
  out.vector = {.root = get(b, kLlc + 5, 8),
                .cost = static_cast<uint32_t>(get(b, kLlc + 13, 4)),
                .bridge = get(b, kLlc + 17, 8),
                .port = static_cast<uint16_t>(get(b, kLlc + 25, 2))};
  out.message_age = static_cast<uint8_t>(get(b, kLlc + 27, 2) / kSecond);
  out.topology_change = (flags & 1) != 0;
  if (rapid) {
    out.role = static_cast<Bpdu::Role>(flags >> 2 & 3);
    out.proposal = (flags & 2) != 0;
    out.learning = (flags & 16) != 0;
    out.forwarding = (flags & 32) != 0;
    out.agreement = (flags & 64) != 0;
  }
  return out;
}

}  // namespace xedgesim::net::ethernet
