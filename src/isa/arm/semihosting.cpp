// Semihosting for ARM (IHI 0047): what test programs use of it. Output goes to Host::semihosting.
//
// Limits: console only. SYS_OPEN opens ":tt" and nothing else, reads are at the end of the file, there is no
// time, no file and no command line; other operations return -1.
#include "isa/arm/cpu.h"

namespace xedgesim::isa::arm {
namespace {

enum Operation : uint32_t {
  kOpen = 0x01,
  kClose = 0x02,
  kWriteC = 0x03,
  kWrite0 = 0x04,
  kWrite = 0x05,
  kRead = 0x06,
  kIsTty = 0x09,
  kExit = 0x18,
  kExitExtended = 0x20
};
constexpr uint32_t kFailed = ~0u, kConsole = 1;
constexpr uint32_t kLongest = 1 << 16;  // bytes of one call

bool byte_at(Cpu& c, uint32_t address, uint8_t& byte) {
  uint32_t v = 0;
  if (!c.raw_read(address, 1, v)) return false;
  byte = static_cast<uint8_t>(v);
  return true;
}

uint32_t word_at(Cpu& c, uint32_t address) {
  uint32_t v = 0;
  return c.raw_read(address & ~3u, 4, v) ? v : 0;
}

void print(Cpu& c, uint8_t byte) { c.host().semihosting(byte); }

bool is_console(Cpu& c, uint32_t name) {
  constexpr char kName[] = ":tt";
  for (uint32_t n = 0; n < sizeof kName; ++n)
    if (uint8_t byte = 0; !byte_at(c, name + n, byte) || byte != static_cast<uint8_t>(kName[n])) return false;
  return true;
}

}  // namespace

void semihosting_call(Cpu& c) {
  const uint32_t argument = c.r[1];
  uint8_t byte = 0;
  switch (c.r[0]) {
    case kOpen:
      c.r[0] = is_console(c, word_at(c, argument)) ? kConsole : kFailed;
      return;
    case kClose:
      c.r[0] = 0;
      return;
    case kWriteC:
      if (byte_at(c, argument, byte)) print(c, byte);
      return;
    case kWrite0:
      for (uint32_t n = 0; n < kLongest && byte_at(c, argument + n, byte) && byte; ++n) print(c, byte);
      return;
    case kWrite: {
      const uint32_t from = word_at(c, argument + 4), length = word_at(c, argument + 8);
      uint32_t n = 0;
      for (; n < length && n < kLongest && byte_at(c, from + n, byte); ++n) print(c, byte);
      c.r[0] = length - n;
      return;
    }
    case kRead:
      c.r[0] = word_at(c, argument + 8);  // nothing was read
      return;
    case kIsTty:
      c.r[0] = 1;
      return;
    case kExit:
    case kExitExtended:
      return c.exit();
    default:
      c.r[0] = kFailed;
  }
}

}  // namespace xedgesim::isa::arm
