#pragma once
#include <cstdint>
#include <span>

/// What RADIO does to the bytes of an IEEE 802.15.4 packet: its CRC engine (nRF52840 PS v1.1, 6.20.1
/// and 6.20.7).
namespace xedgesim::devices::nrf {

/// CRCCNF.LEN, CRCPOLY and CRCINIT. Data enter least significant bit first, as they leave the antenna.
struct CrcSetup {
  unsigned bytes = 0;  ///< 0 to 3; 0 means no CRC
  uint32_t polynomial = 0;
  uint32_t initial = 0;
};

/// The CRC over `data` as a little-endian number of `setup.bytes` bytes: its first byte on air is the lowest
/// one. With polynomial 0x11021 and initial value 0 this is the FCS of IEEE 802.15.4-2020, 7.2.11.
uint32_t crc(const CrcSetup& setup, std::span<const uint8_t> data);

}  // namespace xedgesim::devices::nrf
