// ARMv7-M ARM A7: bit field, reversal, packing and extension instructions.
#include <bit>

#include "isa/arm/cpu.h"
#include "isa/arm/forms.h"

namespace xedgesim::isa::arm {
namespace {

uint32_t swap_bytes(uint32_t v) { return __builtin_bswap32(v); }

// op.imm: mask of the field at bit 0; op.aux: its lowest bit.
void ubfx(Cpu& c, const Op& op) { c.r[op.rd] = c.r[op.rn] >> op.aux & op.imm; }
void sbfx(Cpu& c, const Op& op) {
  const uint32_t v = c.r[op.rn] >> op.aux & op.imm, sign = op.imm ^ op.imm >> 1;
  c.r[op.rd] = (v ^ sign) - sign;
}
void bfi(Cpu& c, const Op& op) {
  const uint32_t mask = op.imm << op.aux;
  c.r[op.rd] = (c.r[op.rd] & ~mask) | (c.r[op.rn] << op.aux & mask);
}
void bfc(Cpu& c, const Op& op) { c.r[op.rd] &= ~(op.imm << op.aux); }

void clz(Cpu& c, const Op& op) { c.r[op.rd] = static_cast<uint32_t>(std::countl_zero(c.r[op.rm])); }
void rbit(Cpu& c, const Op& op) {
  uint32_t v = c.r[op.rm];
  v = (v & 0x55555555) << 1 | (v >> 1 & 0x55555555);
  v = (v & 0x33333333) << 2 | (v >> 2 & 0x33333333);
  v = (v & 0x0F0F0F0F) << 4 | (v >> 4 & 0x0F0F0F0F);
  c.r[op.rd] = swap_bytes(v);
}
void rev(Cpu& c, const Op& op) { c.r[op.rd] = swap_bytes(c.r[op.rm]); }
void rev16(Cpu& c, const Op& op) { c.r[op.rd] = std::rotl(swap_bytes(c.r[op.rm]), 16); }
void revsh(Cpu& c, const Op& op) {
  c.r[op.rd] = static_cast<uint32_t>(static_cast<int16_t>(swap_bytes(c.r[op.rm]) >> 16));
}

// op.imm: shift amount.
void pkhbt(Cpu& c, const Op& op) { c.r[op.rd] = (c.r[op.rn] & 0xFFFF) | (c.r[op.rm] << op.imm & 0xFFFF0000); }
void pkhtb(Cpu& c, const Op& op) {
  const auto shifted = static_cast<uint32_t>(int64_t{static_cast<int32_t>(c.r[op.rm])} >> op.imm);
  c.r[op.rd] = (c.r[op.rn] & 0xFFFF0000) | (shifted & 0xFFFF);
}

template <Extend E>
uint32_t extended(uint32_t v) {
  if constexpr (E == kSxth) return static_cast<uint32_t>(static_cast<int16_t>(v));
  if constexpr (E == kUxth) return v & 0xFFFF;
  if constexpr (E == kSxtb) return static_cast<uint32_t>(static_cast<int8_t>(v));
  if constexpr (E == kUxtb) return v & 0xFF;
  if constexpr (E == kUxtb16) return v & 0x00FF00FF;
  const uint32_t low = static_cast<uint32_t>(static_cast<int8_t>(v)) & 0xFFFF;
  return low | static_cast<uint32_t>(static_cast<int8_t>(v >> 16)) << 16;
}
template <Extend E>
void extend_only(Cpu& c, const Op& op) {
  c.r[op.rd] = extended<E>(std::rotr(c.r[op.rm], op.aux));
}
template <Extend E>
void extend_add(Cpu& c, const Op& op) {
  const uint32_t e = extended<E>(std::rotr(c.r[op.rm], op.aux)), n = c.r[op.rn];
  if constexpr (E == kSxtb16 || E == kUxtb16)
    c.r[op.rd] = ((n + e) & 0xFFFF) | ((n & 0xFFFF0000) + (e & 0xFFFF0000));
  else
    c.r[op.rd] = n + e;
}

}  // namespace

void bit_field(const Fields& f, const Site&, unsigned kind, Op& op) {
  const uint32_t lsb = f['i'], s = f['s'];
  const bool insert = kind == kBfi || kind == kBfc;
  if (insert ? s < lsb : lsb + s > 31) return;  // unpredictable: stays undefined
  const uint32_t width = insert ? s - lsb + 1 : s + 1;
  op.imm = width == 32 ? ~0u : (1u << width) - 1;
  op.aux = static_cast<int32_t>(lsb);
  static constexpr Handler kTable[] = {sbfx, ubfx, bfi, bfc};
  op.handler = kTable[kind];
}

void bit_operation(const Fields&, const Site&, unsigned kind, Op& op) {
  static constexpr Handler kTable[] = {clz, rbit, rev, rev16, revsh};
  op.handler = kTable[kind - kClz];
}

void pack_halfword(const Fields& f, const Site&, unsigned, Op& op) {
  op.imm = f['i'];
  op.handler = f['b'] ? pkhtb : pkhbt;
  if (f['b'] && op.imm == 0) op.imm = 32;
}

void extend(const Fields& f, const Site&, unsigned kind, Op& op) {
  static constexpr Handler kTable[] = {extend_only<kSxth>,   extend_only<kUxth>, extend_only<kSxtb16>,
                                       extend_only<kUxtb16>, extend_only<kSxtb>, extend_only<kUxtb>};
  op.aux = static_cast<int32_t>(f['i'] * 8);
  op.handler = kTable[kind];
}

void extend_and_add(const Fields& f, const Site&, unsigned kind, Op& op) {
  static constexpr Handler kTable[] = {extend_add<kSxth>,   extend_add<kUxth>, extend_add<kSxtb16>,
                                       extend_add<kUxtb16>, extend_add<kSxtb>, extend_add<kUxtb>};
  op.aux = static_cast<int32_t>(f['i'] * 8);
  op.handler = kTable[kind];
}

}  // namespace xedgesim::isa::arm
