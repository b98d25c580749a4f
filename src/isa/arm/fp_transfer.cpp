// FPv4-SP register transfers, loads and stores (ARMv7-M ARM A7.7).
#include "isa/arm/cpu.h"
#include "isa/arm/forms.h"
#include "isa/arm/fp_registers.h"

namespace xedgesim::isa::arm {
namespace {

// op.rd and op.ra: core registers; op.rn: first single register.
template <unsigned K>
void transfer(Cpu& c, const Op& op) {
  if (!fp_ready(c, op)) return;
  if constexpr (K == kToSingle) c.s[op.rn] = c.r[op.rd];
  if constexpr (K == kFromSingle) c.r[op.rd] = c.s[op.rn];
  if constexpr (K == kToTwoSingles) {
    c.s[op.rn] = c.r[op.rd];
    c.s[op.rn + 1u] = c.r[op.ra];
  }
  if constexpr (K == kFromTwoSingles) {
    c.r[op.rd] = c.s[op.rn];
    c.r[op.ra] = c.s[op.rn + 1u];
  }
  if constexpr (K == kVmsr) c.write_fpscr(c.r[op.rd]);
  if constexpr (K == kVmrs) {
    if (op.rd == 15)
      c.set_apsr_nzcvq((c.fpscr & 0xF0000000) | (c.q_flag ? 1u << 27 : 0));
    else
      c.r[op.rd] = c.read_fpscr();
  }
}

// op.rd: first single register, op.ra: number of words, op.rn: base, op.imm: offset.
bool load_words(Cpu& c, const Op& op, uint32_t address) {
  if (const uint8_t* p = c.ram_words(address, op.ra)) {
    for (uint32_t i = 0; i < op.ra; ++i) std::memcpy(&c.s[op.rd + i], p + 4 * i, 4);
    return true;
  }
  std::array<uint32_t, 32> words;
  for (uint32_t i = 0; i < op.ra; ++i)
    if (!c.load_aligned(op, address + 4 * i, words[i])) return false;
  for (uint32_t i = 0; i < op.ra; ++i) c.s[op.rd + i] = words[i];
  return true;
}
bool store_words(Cpu& c, const Op& op, uint32_t address) {
  if (uint8_t* p = c.ram_words(address, op.ra)) {
    for (uint32_t i = 0; i < op.ra; ++i) std::memcpy(p + 4 * i, &c.s[op.rd + i], 4);
    return true;
  }
  for (uint32_t i = 0; i < op.ra; ++i)
    if (!c.store_aligned(op, address + 4 * i, c.s[op.rd + i])) return false;
  return true;
}

template <bool Load, bool Literal>
void access_one(Cpu& c, const Op& op) {
  if (!fp_ready(c, op)) return;
  const uint32_t address = Literal ? op.imm : c.r[op.rn] + op.imm;
  Load ? load_words(c, op, address) : store_words(c, op, address);
}
// op.imm: added to the base for the start; op.aux: written back to the base.
template <bool Load>
void access_many(Cpu& c, const Op& op) {
  if (!fp_ready(c, op)) return;
  const uint32_t base = c.r[op.rn];
  if (!(Load ? load_words(c, op, base + op.imm) : store_words(c, op, base + op.imm))) return;
  c.r[op.rn] = base + static_cast<uint32_t>(op.aux);
}

/// One word at the base, then the base moves: what gcc makes of *p++.
void load_next(Cpu& c, const Op& op) {
  uint32_t word = 0;
  if (c.fp_mode == Cpu::FpMode::not_ready || !c.try_load<uint32_t>(c.r[op.rn], word)) [[unlikely]]
    return access_many<true>(c, op);
  c.s[op.rd] = word;
  c.r[op.rn] += static_cast<uint32_t>(op.aux);
}

}  // namespace

void fp_transfer(const Fields& f, const Site&, unsigned kind, Op& op) {
  static constexpr Handler kTable[] = {transfer<kToSingle>,     transfer<kFromSingle>,
                                       transfer<kToTwoSingles>, transfer<kFromTwoSingles>,
                                       transfer<kToTwoSingles>, transfer<kFromTwoSingles>,
                                       transfer<kToSingle>,     transfer<kFromSingle>,
                                       transfer<kVmrs>,         transfer<kVmsr>};
  switch (kind) {
    case kToDouble:
    case kFromDouble:
      op.rn = first_of_double(f, 'g', 'G');
      break;
    case kToTwoSingles:
    case kFromTwoSingles:
      op.rn = single(f, 'g', 'G');
      break;
    case kToScalar:
    case kFromScalar:
      op.rn = static_cast<uint8_t>(first_of_double(f, 'f', 'F') + f['h']);
      break;
    default:
      op.rn = single(f, 'f', 'F');
  }
  const bool two = kind >= kToTwoSingles && kind <= kFromDouble;
  if (op.rn > (two ? 30 : 31)) return;
  if ((kind == kFromTwoSingles || kind == kFromDouble) && op.rd == op.ra) return;
  op.handler = kTable[kind];
}

void fp_access(const Fields& f, const Site& site, unsigned kind, Op& op) {
  const bool wide = kind & kDouble;
  const unsigned access = kind & 7u;
  op.rd = wide ? first_of_double(f, 'e', 'E') : single(f, 'e', 'E');
  op.rn = site.raw >> 16 & 15;  // fixed in VPUSH and VPOP
  const uint32_t bytes = f['i'] * 4;
  if (access == kVldr || access == kVstr) {
    op.ra = wide ? 2 : 1;
    if (op.rd + op.ra > 32) return;
    op.imm = f['v'] ? bytes : -bytes;
    op.handler = access == kVldr ? access_one<true, false> : access_one<false, false>;
    if (op.rn == 15) {
      op.imm += (site.address + 4) & ~3u;
      op.handler = access_one<true, true>;
    }
    return;
  }
  op.ra = static_cast<uint8_t>(wide ? f['i'] & ~1u : f['i']);
  if (op.ra == 0 || op.ra > 32 || op.rd + op.ra > 32) return;
  const bool before = access == kVstmdb || access == kVldmdb, write_back = before || (site.raw >> 21 & 1);
  op.imm = before ? -bytes : 0;
  op.aux = static_cast<int32_t>(before ? -bytes : write_back ? bytes : 0);
  op.handler = access == kVldm || access == kVldmdb ? access_many<true> : access_many<false>;
  if (access == kVldm && op.ra == 1) op.handler = load_next;
}

}  // namespace xedgesim::isa::arm
