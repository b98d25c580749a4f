#include "devices/nrf/radio_frame.h"

#include <array>

namespace xedgesim::devices::nrf {
namespace {

constexpr uint32_t reflect(uint32_t v, unsigned bits) {
  uint32_t r = 0;
  for (unsigned i = 0; i < bits; ++i) r |= (v >> i & 1) << (bits - 1 - i);
  return r;
}

constexpr uint32_t step(uint32_t crc, uint32_t reflected_polynomial) {
  return crc >> 1 ^ ((crc & 1) != 0 ? reflected_polynomial : 0);
}

constexpr uint32_t kFcsPolynomial = 0x1021;

constexpr std::array<uint16_t, 256> make_fcs_table() {
  std::array<uint16_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t v = i;
    for (int bit = 0; bit < 8; ++bit) v = step(v, reflect(kFcsPolynomial, 16));
    table[i] = static_cast<uint16_t>(v);
  }
  return table;
}
constexpr std::array<uint16_t, 256> kFcsTable = make_fcs_table();

}  // namespace

uint32_t crc(const CrcSetup& setup, std::span<const uint8_t> data) {
  if (setup.bytes == 0) return 0;
  const unsigned bits = 8 * setup.bytes;
  const uint32_t mask = (1u << bits) - 1;
  uint32_t v = reflect(setup.initial & mask, bits);
  if (setup.bytes == 2 && (setup.polynomial & mask) == kFcsPolynomial) {
    for (const uint8_t byte : data) v = v >> 8 ^ kFcsTable[(v ^ byte) & 0xff];
    return v;
  }
  const uint32_t polynomial = reflect(setup.polynomial & mask, bits);
  for (const uint8_t byte : data) {
    v ^= byte;
    for (int bit = 0; bit < 8; ++bit) v = step(v, polynomial);
  }
  return v;
}

}  // namespace xedgesim::devices::nrf
