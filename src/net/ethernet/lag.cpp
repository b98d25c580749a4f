#include "net/ethernet/lag.h"

namespace xedgesim::net::ethernet {

uint32_t conversation_hash(const Header& h, std::span<const uint8_t> frame) {
  uint64_t x = static_cast<uint64_t>(h.source) * 0x9E3779B97F4A7C15ull ^
               static_cast<uint64_t>(h.destination) * 0xC2B2AE3D27D4EB4Full;
  if (const auto ip = ipv4_of(h, frame)) {
    x ^= (uint64_t{ip->source} << 32 | ip->destination) * 0x165667B19E3779F9ull;
    x ^= (uint64_t{ip->source_port.value_or(0)} << 16 | ip->destination_port.value_or(0)) *
         0x27D4EB2F165667C5ull;
  }
  x ^= x >> 29;
  x *= 0xBF58476D1CE4E5B9ull;
  return static_cast<uint32_t>(x >> 32);
}

}  // namespace xedgesim::net::ethernet
