// ARMv7-M ARM A7: data-processing instructions with an immediate, a register or a shifted register.
#include <bit>
#include <utility>

#include "isa/arm/cpu.h"
#include "isa/arm/forms.h"

namespace xedgesim::isa::arm {
namespace {

constexpr unsigned kImmediate = 0, kImmediateWithCarry = 1, kRegister = 2, kShifted = 3;  // kShifted + Shift
constexpr unsigned kOperands = kShifted + 5, kAlus = kCmn + 1;

constexpr bool writes_rd(Alu a) { return a < kTst; }
constexpr bool is_arithmetic(Alu a) { return (a >= kAdd && a <= kRsb) || a >= kCmp; }

template <bool S>
uint32_t add_with_carry(Cpu& c, uint32_t x, uint32_t y, uint32_t carry) {
  const uint64_t sum = uint64_t{x} + y + carry;
  const auto result = static_cast<uint32_t>(sum);
  if constexpr (S) {
    c.c_flag = static_cast<uint32_t>(sum >> 32);
    c.v_flag = (x ^ result) & (y ^ result);
    c.set_nz(result);
  }
  return result;
}

/// Amounts: LSL 1..31, LSR and ASR 1..32, ROR 1..31 (A7.4.2).
template <unsigned O, bool WithCarry>
uint32_t shifted(const Cpu& c, const Op& op, uint32_t& carry) {
  const uint32_t v = c.r[op.rm], n = op.imm;
  if constexpr (O == kShifted + kLsl) {
    if constexpr (WithCarry) carry = v >> (32 - n) & 1;
    return v << n;
  } else if constexpr (O == kShifted + kLsr) {
    if constexpr (WithCarry) carry = v >> (n - 1) & 1;
    return static_cast<uint32_t>(uint64_t{v} >> n);
  } else if constexpr (O == kShifted + kAsr) {
    const int64_t wide = static_cast<int32_t>(v);
    if constexpr (WithCarry) carry = static_cast<uint32_t>(wide >> (n - 1)) & 1;
    return static_cast<uint32_t>(wide >> n);
  } else if constexpr (O == kShifted + kRor) {
    const uint32_t result = std::rotr(v, static_cast<int>(n));
    if constexpr (WithCarry) carry = result >> 31;
    return result;
  } else {  // RRX
    const uint32_t result = v >> 1 | c.c_flag << 31;
    if constexpr (WithCarry) carry = v & 1;
    return result;
  }
}

template <Alu A, bool S, unsigned O>
void alu(Cpu& c, const Op& op) {
  constexpr bool with_carry = S && !is_arithmetic(A);
  uint32_t carry = 0, y;
  if constexpr (O == kImmediate || O == kImmediateWithCarry)
    y = op.imm;
  else if constexpr (O == kRegister)
    y = c.r[op.rm];
  else
    y = shifted<O, with_carry>(c, op, carry);
  const uint32_t x = c.r[op.rn];
  uint32_t result = 0;
  if constexpr (A == kAnd || A == kTst) result = x & y;
  if constexpr (A == kBic) result = x & ~y;
  if constexpr (A == kOrr) result = x | y;
  if constexpr (A == kOrn) result = x | ~y;
  if constexpr (A == kEor || A == kTeq) result = x ^ y;
  if constexpr (A == kMov) result = y;
  if constexpr (A == kMvn) result = ~y;
  if constexpr (A == kAdd || A == kCmn) result = add_with_carry<S>(c, x, y, 0);
  if constexpr (A == kAdc) result = add_with_carry<S>(c, x, y, c.c_flag);
  if constexpr (A == kSub || A == kCmp) result = add_with_carry<S>(c, x, ~y, 1);
  if constexpr (A == kSbc) result = add_with_carry<S>(c, x, ~y, c.c_flag);
  if constexpr (A == kRsb) result = add_with_carry<S>(c, ~x, y, 1);
  if constexpr (with_carry) {
    c.set_nz(result);
    if constexpr (O == kImmediateWithCarry) c.c_flag = op.ra;
    if constexpr (O >= kShifted) c.c_flag = carry;
  }
  if constexpr (writes_rd(A)) c.r[op.rd] = result;
}

template <unsigned... I>
constexpr std::array<Handler, sizeof...(I)> make_handlers(std::integer_sequence<unsigned, I...>) {
  return {&alu<static_cast<Alu>(I / (2 * kOperands)), (I / kOperands % 2) != 0, I % kOperands>...};
}
constexpr auto kHandlers = make_handlers(std::make_integer_sequence<unsigned, kAlus * 2 * kOperands>());

/// SP keeps its two low bits clear whatever is written (B1.4.1).
void alu_to_sp(Cpu& c, const Op& op) {
  kHandlers[static_cast<unsigned>(op.aux)](c, op);
  c.r[13] &= ~3u;
}

void pick(Op& op, unsigned a, bool s, unsigned operand) {
  s |= a >= kTst;
  const unsigned index = (a * 2 + s) * kOperands + operand;
  op.handler = kHandlers[index];
  if (op.rd == 13 && writes_rd(static_cast<Alu>(a))) {
    op.aux = static_cast<int32_t>(index);
    op.handler = alu_to_sp;
  }
}

/// DecodeImmShift (A7.4.2) into op.imm; returns the operand. Type 3 with amount 0 is RRX.
unsigned pick_shift(Op& op, unsigned type, unsigned amount) {
  op.imm = amount;
  if (amount == 0) {
    if (type == kLsl) return kRegister;
    if (type == kRor) return kShifted + kRrx;
    op.imm = 32;
  }
  return kShifted + type;
}

template <Shift T, bool S>
void shift_by_register(Cpu& c, const Op& op) {
  const uint32_t v = c.r[op.rn], n = c.r[op.rm] & 0xFF;
  uint32_t result = v, carry = c.c_flag;
  if (n != 0) {
    if constexpr (T == kLsl) {
      result = n < 32 ? v << n : 0;
      carry = n <= 32 ? v >> (32 - n) & 1 : 0;
    } else if constexpr (T == kLsr) {
      result = n < 32 ? v >> n : 0;
      carry = n <= 32 ? static_cast<uint32_t>(uint64_t{v} >> (n - 1)) & 1 : 0;
    } else if constexpr (T == kAsr) {
      const int64_t wide = static_cast<int32_t>(v);
      const unsigned bounded = n < 33 ? n : 33;
      result = static_cast<uint32_t>(wide >> bounded);
      carry = static_cast<uint32_t>(wide >> (bounded - 1)) & 1;
    } else {
      result = std::rotr(v, static_cast<int>(n & 31));
      carry = result >> 31;
    }
  }
  if constexpr (S) {
    c.set_nz(result);
    c.c_flag = carry;
  }
  c.r[op.rd] = result;
}

void add_to_pc(Cpu& c, const Op& op) { c.branch_to((c.r[op.rm] + op.imm) & ~1u); }
void move_top(Cpu& c, const Op& op) { c.r[op.rd] = (c.r[op.rd] & 0xFFFF) | op.imm; }

}  // namespace

void alu_immediate(const Fields& f, const Site&, unsigned kind, Op& op) {
  const uint32_t i = f['i'], byte = i & 0xFF;  // ThumbExpandImm_C, A5.3.2
  unsigned operand = kImmediate;
  if (i >> 10 == 0) {
    constexpr uint32_t kPattern[] = {1, 0x00010001, 0x01000100, 0x01010101};
    op.imm = byte * kPattern[i >> 8];
  } else {
    op.imm = std::rotr(byte | 0x80, static_cast<int>(i >> 7));
    op.ra = static_cast<uint8_t>(op.imm >> 31);
    operand = kImmediateWithCarry;
  }
  pick(op, kind, f['s'], operand);
}

void alu_plain_immediate(const Fields& f, const Site&, unsigned kind, Op& op) {
  op.imm = f['i'];
  pick(op, kind, false, kImmediate);
}

void alu_immediate_16(const Fields& f, const Site& site, unsigned kind, Op& op) {
  op.imm = f['i'];
  if (site.raw >= 0x3000) op.rn = op.rd;  // ADD/SUB (immediate) T2
  pick(op, kind & kKindMask, true, kImmediate);
}

void alu_sp_immediate(const Fields& f, const Site& site, unsigned kind, Op& op) {
  op.imm = f['i'] * 4;
  op.rn = 13;
  if (site.raw >= 0xB000) op.rd = 13;
  pick(op, kind, false, kImmediate);
}

void alu_register_16(const Fields& f, const Site&, unsigned kind, Op& op) {
  op.rd = op.rn = static_cast<uint8_t>(f['d']);
  pick(op, kind & kKindMask, true, kRegister);
}

void alu_three_registers_16(const Fields&, const Site&, unsigned kind, Op& op) {
  pick(op, kind & kKindMask, true, kRegister);
}

void alu_register(const Fields& f, const Site&, unsigned kind, Op& op) {
  const unsigned operand = pick_shift(op, f['y'], f['i']);
  pick(op, kind, f['s'], operand);
}

void alu_high_registers(const Fields&, const Site& site, unsigned kind, Op& op) {
  op.rn = op.rd;
  const uint32_t pc = site.address + 4;
  if (op.rd == 15) {
    op.handler = add_to_pc;
    op.imm = kind == kAdd ? pc : 0;
    if (op.rm == 15) {  // PC + PC or MOV PC, PC: all known now
      op.imm += pc;
      op.rm = 14;
      op.handler = [](Cpu& c, const Op& o) { c.branch_to(o.imm & ~1u); };
    }
    return;
  }
  op.imm = pc;
  pick(op, kind, false, op.rm == 15 ? kImmediate : kRegister);
}

void negate_16(const Fields&, const Site&, unsigned, Op& op) { pick(op, kRsb, true, kImmediate); }

void shift_immediate(const Fields& f, const Site& site, unsigned kind, Op& op) {
  const unsigned type = kind & kKindMask;
  const bool s = site.wide ? f['s'] : true;
  const unsigned operand = type == kRrx ? kShifted + kRrx : pick_shift(op, type, f['i']);
  pick(op, kMov, s, operand);
}

void shift_register(const Fields& f, const Site& site, unsigned kind, Op& op) {
  static constexpr Handler kTable[4][2] = {{shift_by_register<kLsl, false>, shift_by_register<kLsl, true>},
                                           {shift_by_register<kLsr, false>, shift_by_register<kLsr, true>},
                                           {shift_by_register<kAsr, false>, shift_by_register<kAsr, true>},
                                           {shift_by_register<kRor, false>, shift_by_register<kRor, true>}};
  if (!site.wide) op.rn = op.rd;
  op.handler = kTable[kind & 3][site.wide ? f['s'] : 1];
}

void move_wide(const Fields& f, const Site&, unsigned kind, Op& op) {
  op.imm = f['w'] << 12 | f['v'] << 11 | f['i'];
  if (kind == 0) {
    pick(op, kMov, false, kImmediate);
  } else {
    op.imm <<= 16;
    op.handler = move_top;
  }
}

void address_of_label(const Fields& f, const Site& site, unsigned kind, Op& op) {
  const uint32_t base = (site.address + 4) & ~3u;
  op.imm = kind == 0 ? base + f['i'] * 4 : kind == 1 ? base + f['i'] : base - f['i'];
  pick(op, kMov, false, kImmediate);
}

}  // namespace xedgesim::isa::arm
