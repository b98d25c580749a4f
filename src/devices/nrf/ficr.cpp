#include "devices/nrf/ficr.h"

namespace xedgesim::devices::nrf {

using namespace bus;

namespace {

constexpr uint32_t kDeviceId = 0x060, kEr = 0x080, kIr = 0x090, kDeviceAddr = 0x0a4;

/// One round of SplitMix64 (Steele et al., OOPSLA 2014): spreads an identity over key words.
uint64_t mix(uint64_t v) {
  v += 0x9e3779b97f4a7c15u;
  v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
  v = (v ^ v >> 27) * 0x94d049bb133111ebu;
  return v ^ v >> 31;
}

}  // namespace

const RegisterTable& Ficr::registers() {
  constexpr Access ro = Access::ro;
  static const RegisterTable table({{
      {.offset = 0x010, .name = "CODEPAGESIZE", .access = ro, .reset = 0x1000},
      {.offset = 0x014, .name = "CODESIZE", .access = ro, .reset = 0x100},
      {.offset = kDeviceId, .name = "DEVICEID", .access = ro, .count = 2},
      {.offset = kEr, .name = "ER", .access = ro, .count = 4},
      {.offset = kIr, .name = "IR", .access = ro, .count = 4},
      {.offset = 0x0a0, .name = "DEVICEADDRTYPE", .access = ro, .reset = 0xffffffff},
      {.offset = kDeviceAddr, .name = "DEVICEADDR", .access = ro, .count = 2},
      {.offset = 0x100, .name = "INFO.PART", .access = ro, .reset = 0x52840},
      {.offset = 0x104, .name = "INFO.VARIANT", .access = ro, .reset = 0x41414430},  // "AAD0"
      {.offset = 0x108, .name = "INFO.PACKAGE", .access = ro, .reset = 0x2004},      // QI: 73-pin aQFN
      {.offset = 0x10c, .name = "INFO.RAM", .access = ro, .reset = 0x100},           // KiB
      {.offset = 0x110, .name = "INFO.FLASH", .access = ro, .reset = 0x400},         // KiB
      // Not in the PS; start-up code reads them to decide which errata apply.
      {.offset = 0x130, .name = "INFO.DEVICE", .access = ro, .reset = 0x8},
      {.offset = 0x134, .name = "INFO.REVISION", .access = ro, .reset = 0x3},
      {.offset = 0x258, .name = "TRIM258", .access = ro, .reset = 0xffffffff},
      {.offset = 0x350, .name = "PRODTEST", .access = ro, .reset = 0xbb42319f, .count = 3},
      {.offset = 0x404, .name = "TEMP.A0", .access = ro, .reset = 0xfffff320},
      {.offset = 0x408, .name = "TEMP.A1", .access = ro, .reset = 0xfffff343},
      {.offset = 0x40c, .name = "TEMP.A2", .access = ro, .reset = 0xfffff35d},
      {.offset = 0x410, .name = "TEMP.A3", .access = ro, .reset = 0xfffff400},
      {.offset = 0x414, .name = "TEMP.A4", .access = ro, .reset = 0xfffff452},
      {.offset = 0x418, .name = "TEMP.A5", .access = ro, .reset = 0xfffff37b},
      {.offset = 0x41c, .name = "TEMP.B0", .access = ro, .reset = 0xffff3fcc},
      {.offset = 0x420, .name = "TEMP.B1", .access = ro, .reset = 0xffff3f98},
      {.offset = 0x424, .name = "TEMP.B2", .access = ro, .reset = 0xffff3f98},
      {.offset = 0x428, .name = "TEMP.B3", .access = ro, .reset = 0xffff0012},
      {.offset = 0x42c, .name = "TEMP.B4", .access = ro, .reset = 0xffff004d},
      {.offset = 0x430, .name = "TEMP.B5", .access = ro, .reset = 0xffff3e10},
      {.offset = 0x434, .name = "TEMP.T0", .access = ro, .reset = 0xffffffe2},
      {.offset = 0x438, .name = "TEMP.T1", .access = ro, .reset = 0xffffff00},
      {.offset = 0x43c, .name = "TEMP.T2", .access = ro, .reset = 0xffffff14},
      {.offset = 0x440, .name = "TEMP.T3", .access = ro, .reset = 0xffffff19},
      {.offset = 0x444, .name = "TEMP.T4", .access = ro, .reset = 0xffffff50},
      {.offset = 0x450, .name = "NFC.TAGHEADER0", .access = ro, .reset = 0xffffff5f},
      {.offset = 0x454, .name = "NFC.TAGHEADER", .access = ro, .reset = 0xffffffff, .count = 3},
      {.offset = 0xc00, .name = "TRNG90B", .access = ro, .reset = 0xffffffff, .count = 3},
      {.offset = 0xc0c, .name = "TRNG90B.STARTUP", .access = ro, .reset = 0x210},
      {.offset = 0xc10, .name = "TRNG90B.ROSC", .access = ro, .reset = 0xffffffff, .count = 4},
  }});
  return table;
}

/// nRF51 Series Reference Manual v3.0.1, 8: 256 pages of 1 KiB, two RAM blocks of 8 KiB.
const RegisterTable& Ficr::registers_51() {
  constexpr Access ro = Access::ro;
  static const RegisterTable table({{
      {.offset = 0x010, .name = "CODEPAGESIZE", .access = ro, .reset = 0x400},
      {.offset = 0x014, .name = "CODESIZE", .access = ro, .reset = 0x100},
      {.offset = 0x028, .name = "CLENR0", .access = ro, .reset = 0xffffffff},
      {.offset = 0x02c, .name = "PPFC", .access = ro, .reset = 0xff},
      {.offset = 0x034, .name = "NUMRAMBLOCK", .access = ro, .reset = 2},
      {.offset = 0x038, .name = "SIZERAMBLOCKS", .access = ro, .reset = 0x2000},
      {.offset = 0x05c, .name = "CONFIGID", .access = ro, .reset = 0xffff0079},
      {.offset = kDeviceId, .name = "DEVICEID", .access = ro, .count = 2},
      {.offset = kEr, .name = "ER", .access = ro, .count = 4},
      {.offset = kIr, .name = "IR", .access = ro, .count = 4},
      {.offset = 0x0a0, .name = "DEVICEADDRTYPE", .access = ro, .reset = 0xffffffff},
      {.offset = kDeviceAddr, .name = "DEVICEADDR", .access = ro, .count = 2},
      {.offset = 0x0ac, .name = "OVERRIDEEN", .access = ro, .reset = 0xffffffff},
      {.offset = 0x0b0, .name = "NRF_1MBIT", .access = ro, .reset = 0xffffffff, .count = 5},
      {.offset = 0x0ec, .name = "BLE_1MBIT", .access = ro, .reset = 0xffffffff, .count = 5},
  }});
  return table;
}

Ficr::Ficr(const DeviceParams& params, Board& board, Resources& resources)
    : RegisterDevice(params.name, params.base, params.size,
                     params.number("family", 52) == 51 ? registers_51() : registers(), board),
      identity_(resources.identity) {
  Ficr::reset();
}

void Ficr::reset() {
  RegisterDevice::reset();
  const auto put64 = [this](uint32_t offset, uint64_t v) {
    set_value(offset, static_cast<uint32_t>(v));
    set_value(offset + 4, static_cast<uint32_t>(v >> 32));
  };
  put64(kDeviceId, identity_.device_id);
  put64(kDeviceAddr, identity_.device_address & 0xffff'ffff'ffffu);
  for (uint32_t i = 0; i < 2; ++i) {
    put64(kEr + 8 * i, mix(identity_.device_id + i));
    put64(kIr + 8 * i, mix(identity_.device_id + 2 + i));
  }
}

}  // namespace xedgesim::devices::nrf
