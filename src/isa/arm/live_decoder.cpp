#include "isa/arm/live_decoder.h"

#include "isa/arm/cpu.h"
#include "isa/arm/decode.h"

namespace xedgesim::isa::arm {

const Op* LiveDecoder::fetch(Cpu& cpu, uint32_t address, uint32_t& fault_bit) {
  if (entries_.empty()) entries_.resize(kEntries);
  std::array<uint16_t, 4> h{};
  if (!cpu.fetch(address, h[0], fault_bit)) return nullptr;
  const bool wide = is_wide(h[0]);
  if (wide && !cpu.fetch(address + 2, h[1], fault_bit)) return nullptr;
  // What follows only matters for costs: a look at plain memory, never a bus access.
  const uint32_t following = address + (wide ? 4 : 2);
  for (uint32_t i = 0; i < 2; ++i)
    if (!cpu.peek(following + 2 * i, h[(wide ? 2 : 1) + i])) break;
  const uint64_t bytes = uint64_t{h[0]} << 48 | uint64_t{h[1]} << 32 | uint64_t{h[2]} << 16 | h[3];
  Entry& e = entries_[address / 2 % kEntries];
  if (e.address != address || e.bytes != bytes) {
    e.address = address;
    e.bytes = bytes;
    Site site;
    site.address = address;
    site.model = &cpu.model();
    site.wide = wide;
    site.raw = wide ? uint32_t{h[0]} << 16 | h[1] : h[0];
    site.next = wide ? uint32_t{h[2]} << 16 | h[3] : uint32_t{h[1]} << 16 | h[2];
    e.op = decode(site);
  }
  return &e.op;
}

}  // namespace xedgesim::isa::arm
