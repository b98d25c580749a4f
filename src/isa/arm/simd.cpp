// ARMv7-M ARM A7: parallel addition and subtraction, saturation, SEL and USAD8.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "isa/arm/cpu.h"
#include "isa/arm/forms.h"

namespace xedgesim::isa::arm {
namespace {

int32_t signed_saturate(int64_t v, unsigned bits, bool& saturated) {
  const int64_t top = (int64_t{1} << (bits - 1)) - 1;
  const int64_t r = std::clamp(v, -top - 1, top);
  saturated |= r != v;
  return static_cast<int32_t>(r);
}

uint32_t unsigned_saturate(int64_t v, unsigned bits, bool& saturated) {
  const int64_t top = (int64_t{1} << bits) - 1;
  const int64_t r = std::clamp<int64_t>(v, 0, top);
  saturated |= r != v;
  return static_cast<uint32_t>(r);
}

constexpr bool is_signed(unsigned p) { return p < kUnsigned; }

/// One lane: the result's bits, and whether its GE bit is set.
template <unsigned Prefix, unsigned Width>
uint32_t lane(int32_t value, bool subtracted, bool& ge) {
  constexpr uint32_t kMask = (1u << Width) - 1;
  bool ignored = false;
  if constexpr (Prefix == kSigned) ge = value >= 0;
  if constexpr (Prefix == kUnsigned) ge = subtracted ? value >= 0 : value > static_cast<int32_t>(kMask);
  if constexpr (Prefix == kSaturating) value = signed_saturate(value, Width, ignored);
  if constexpr (Prefix == kUnsignedSaturating)
    value = static_cast<int32_t>(unsigned_saturate(value, Width, ignored));
  if constexpr (Prefix == kSignedHalving || Prefix == kUnsignedHalving) value >>= 1;
  return static_cast<uint32_t>(value) & kMask;
}

template <unsigned Prefix>
int32_t half(uint32_t v, unsigned i) {
  const uint32_t h = v >> (16 * i) & 0xFFFF;
  return is_signed(Prefix) ? static_cast<int16_t>(h) : static_cast<int32_t>(h);
}

template <unsigned Operation, unsigned Prefix>
void parallel_operation(Cpu& c, const Op& op) {
  const uint32_t n = c.r[op.rn], m = c.r[op.rm];
  uint32_t result = 0;
  uint8_t ge = 0;
  bool g = false;
  if constexpr (Operation == kAdd8 || Operation == kSub8) {
    for (unsigned i = 0; i < 4; ++i) {
      const uint32_t a = n >> (8 * i) & 0xFF, b = m >> (8 * i) & 0xFF;
      const int32_t x = is_signed(Prefix) ? static_cast<int8_t>(a) : static_cast<int32_t>(a);
      const int32_t y = is_signed(Prefix) ? static_cast<int8_t>(b) : static_cast<int32_t>(b);
      constexpr bool sub = Operation == kSub8;
      result |= lane<Prefix, 8>(sub ? x - y : x + y, sub, g) << (8 * i);
      ge |= static_cast<uint8_t>(g << i);
    }
  } else {
    // ASX: low half subtracts, high half adds, of the exchanged operand; SAX the other way round.
    constexpr bool exchange = Operation == kAsx || Operation == kSax;
    for (unsigned i = 0; i < 2; ++i) {
      const bool sub = Operation == kSub16 || (Operation == kAsx && i == 0) || (Operation == kSax && i == 1);
      const int32_t x = half<Prefix>(n, i), y = half<Prefix>(m, exchange ? 1 - i : i);
      result |= lane<Prefix, 16>(sub ? x - y : x + y, sub, g) << (16 * i);
      ge |= static_cast<uint8_t>((g ? 3 : 0) << (2 * i));
    }
  }
  if constexpr (Prefix == kSigned || Prefix == kUnsigned) c.ge = ge;
  c.r[op.rd] = result;
}

template <unsigned Operation>
Handler pick_prefix(unsigned prefix) {
  static constexpr Handler kTable[] = {
      parallel_operation<Operation, kSigned>,         parallel_operation<Operation, kSaturating>,
      parallel_operation<Operation, kSignedHalving>,  nullptr,
      parallel_operation<Operation, kUnsigned>,       parallel_operation<Operation, kUnsignedSaturating>,
      parallel_operation<Operation, kUnsignedHalving>};
  return kTable[prefix];
}

void sel(Cpu& c, const Op& op) {
  uint32_t mask = 0;
  for (unsigned i = 0; i < 4; ++i)
    if (c.ge >> i & 1) mask |= 0xFFu << (8 * i);
  c.r[op.rd] = (c.r[op.rn] & mask) | (c.r[op.rm] & ~mask);
}

template <bool Subtract, bool Double>
void q_add(Cpu& c, const Op& op) {
  const int64_t m = static_cast<int32_t>(c.r[op.rm]);
  int64_t n = static_cast<int32_t>(c.r[op.rn]);
  if constexpr (Double) n = signed_saturate(n * 2, 32, c.q_flag);
  c.r[op.rd] = static_cast<uint32_t>(signed_saturate(Subtract ? m - n : m + n, 32, c.q_flag));
}

// op.imm: bits to saturate to; op.aux: shift, left when >= 0, else -(arithmetic right shift).
template <bool Unsigned>
void sat(Cpu& c, const Op& op) {
  const int64_t v = static_cast<int32_t>(c.r[op.rn]);
  const int64_t shifted =
      op.aux >= 0 ? static_cast<int32_t>(static_cast<uint32_t>(v) << op.aux) : v >> -op.aux;
  c.r[op.rd] = Unsigned ? unsigned_saturate(shifted, op.imm, c.q_flag)
                        : static_cast<uint32_t>(signed_saturate(shifted, op.imm, c.q_flag));
}
template <bool Unsigned>
void sat16(Cpu& c, const Op& op) {
  const uint32_t n = c.r[op.rn];
  uint32_t result = 0;
  for (unsigned i = 0; i < 2; ++i) {
    const auto v = static_cast<int16_t>(n >> (16 * i));
    const uint32_t r = Unsigned ? unsigned_saturate(v, op.imm, c.q_flag)
                                : static_cast<uint32_t>(signed_saturate(v, op.imm, c.q_flag));
    result |= (r & 0xFFFF) << (16 * i);
  }
  c.r[op.rd] = result;
}

template <bool Accumulate>
void usad8(Cpu& c, const Op& op) {
  const uint32_t n = c.r[op.rn], m = c.r[op.rm];
  uint32_t sum = Accumulate ? c.r[op.ra] : 0;
  for (unsigned i = 0; i < 32; i += 8)
    sum += static_cast<uint32_t>(std::abs(static_cast<int>(n >> i & 0xFF) - static_cast<int>(m >> i & 0xFF)));
  c.r[op.rd] = sum;
}

}  // namespace

void parallel(const Fields&, const Site&, unsigned kind, Op& op) {
  static constexpr Handler (*kTable[])(unsigned) = {
      pick_prefix<kAdd8>, pick_prefix<kAdd16>, pick_prefix<kAsx>, nullptr,
      pick_prefix<kSub8>, pick_prefix<kSub16>, pick_prefix<kSax>};
  op.handler = kTable[kind & 7](kind >> 3);
}

void select_bytes(const Fields&, const Site&, unsigned, Op& op) { op.handler = sel; }

void saturating_add(const Fields&, const Site&, unsigned kind, Op& op) {
  static constexpr Handler kTable[] = {q_add<false, false>, q_add<false, true>, q_add<true, false>,
                                       q_add<true, true>};
  op.handler = kTable[kind];
}

void saturate(const Fields& f, const Site&, unsigned kind, Op& op) {
  static constexpr Handler kTable[] = {sat<false>, sat<true>, sat16<false>, sat16<true>};
  op.imm = f['s'] + (kind % 2 == 0);
  op.aux = static_cast<int32_t>(f['i']);
  if (f['y']) op.aux = -op.aux;  // sh: ASR; ASR #0 is the SSAT16/USAT16 encoding
  op.handler = kTable[kind];
}

void sum_of_differences(const Fields&, const Site&, unsigned kind, Op& op) {
  op.handler = kind ? usad8<true> : usad8<false>;
}

}  // namespace xedgesim::isa::arm
