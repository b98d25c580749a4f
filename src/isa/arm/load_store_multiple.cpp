// ARMv7-M ARM A7: LDM, STM, PUSH and POP. op.imm is the register list. A fault leaves the base register as it
// was, so that the instruction can be restarted; the transfer itself is never interrupted (interrupts wait
// for at most its 1 + N cycles instead of the manual's continuation by ICI).
#include <bit>

#include "isa/arm/cpu.h"
#include "isa/arm/forms.h"

namespace xedgesim::isa::arm {
namespace {

unsigned count(uint32_t list) { return static_cast<unsigned>(std::popcount(list)); }

bool load_list(Cpu& c, const Op& op, uint32_t address, uint32_t list) {
  if (const uint8_t* p = c.ram_words(address, count(list))) {
    for (; list; list &= list - 1, p += 4) std::memcpy(&c.r[static_cast<size_t>(std::countr_zero(list))], p, 4);
    return true;
  }
  std::array<uint32_t, 15> values;
  unsigned n = 0;
  for (uint32_t left = list; left; left &= left - 1, address += 4)
    if (!c.load_aligned(op, address, values[n++])) return false;
  n = 0;
  for (uint32_t left = list; left; left &= left - 1) c.r[std::countr_zero(left)] = values[n++];
  return true;
}

bool store_list(Cpu& c, const Op& op, uint32_t address, uint32_t list) {
  if (uint8_t* p = c.ram_words(address, count(list))) {
    for (; list; list &= list - 1, p += 4) std::memcpy(p, &c.r[static_cast<size_t>(std::countr_zero(list))], 4);
    return true;
  }
  for (; list; list &= list - 1, address += 4)
    if (!c.store_aligned(op, address, c.r[std::countr_zero(list)])) return false;
  return true;
}

template <bool Before, bool WriteBack>
void stm(Cpu& c, const Op& op) {
  const uint32_t base = c.r[op.rn], bytes = 4 * count(op.imm);
  if (!store_list(c, op, Before ? base - bytes : base, op.imm)) return;
  if constexpr (WriteBack) c.r[op.rn] = Before ? base - bytes : base + bytes;
}

template <bool Before, bool WriteBack>
void ldm(Cpu& c, const Op& op) {
  const uint32_t base = c.r[op.rn], bytes = 4 * count(op.imm);
  const uint32_t start = Before ? base - bytes : base, list = op.imm & 0x7FFF;
  uint32_t pc = 0;
  // The PC is read first so that nothing has changed when a bus error abandons the instruction.
  if (op.imm & 0x8000 && !c.load_aligned(op, start + bytes - 4, pc)) return;
  if (!load_list(c, op, start, list)) return;
  if constexpr (WriteBack) c.r[op.rn] = Before ? start : base + bytes;
  if (op.imm & 0x8000) c.interworking_branch(op, pc);
}

}  // namespace

void access_multiple(const Fields& f, const Site& site, unsigned kind, Op& op) {
  op.imm = f['i'];
  bool write_back = site.raw >> 21 & 1;
  if (site.wide) op.rn = site.raw >> 16 & 15;  // fixed in PUSH T2 and POP T2
  switch (kind) {
    case kPush:  // PUSH T1: bit 8 is LR
      op.imm = (op.imm & 0xFF) | (op.imm & 0x100) << 6;
      break;
    case kPop:  // POP T1: bit 8 is PC
      op.imm = (op.imm & 0xFF) | (op.imm & 0x100) << 7;
      break;
    default:
      break;
  }
  if (kind == kPush || kind == kPop) {
    op.rn = 13;
    write_back = true;
  }
  const uint32_t base_bit = 1u << op.rn;
  const bool load = kind == kLdm || kind == kLdmdb || kind == kLdm16 || kind == kPop;
  if (kind == kLdm16) write_back = !(op.imm & base_bit);
  if (kind == kStm16) write_back = true;
  const bool narrow = kind >= kPush;
  if (op.imm == 0) return;
  if (!narrow) {  // unpredictable lists are treated as undefined
    if (count(op.imm) < 2 || op.imm & 1u << 13) return;
    if (load ? (op.imm & 0xC000) == 0xC000 : (op.imm & 0x8000) != 0) return;
    if (write_back && op.imm & base_bit) return;
  }
  const bool before = kind == kStmdb || kind == kLdmdb || kind == kPush;
  static constexpr Handler kTable[2][2][2] = {
      {{stm<false, false>, stm<false, true>}, {stm<true, false>, stm<true, true>}},
      {{ldm<false, false>, ldm<false, true>}, {ldm<true, false>, ldm<true, true>}}};
  op.handler = kTable[load][before][write_back];
}

}  // namespace xedgesim::isa::arm
