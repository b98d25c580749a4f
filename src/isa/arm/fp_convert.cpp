// FPv4-SP conversions (ARMv7-M ARM A7.7, A2.5.6).
#include "isa/arm/cpu.h"
#include "isa/arm/forms.h"
#include "isa/arm/fp_registers.h"
#include "isa/arm/soft_float.h"

namespace xedgesim::isa::arm {
namespace {

using soft_float::Env;

template <class F>
void with_env(Cpu& c, F f) {
  Env env(c.fpscr);
  f(env);
  c.fpscr |= env.flags;
}

template <bool Signed>
void from_integer(Cpu& c, const Op& op) {
  if (!fp_ready(c, op)) return;
  const uint32_t v = c.s[op.rm];
  if (c.fp_mode == Cpu::FpMode::host) {
    c.s[op.rd] =
        std::bit_cast<uint32_t>(Signed ? static_cast<float>(static_cast<int32_t>(v)) : static_cast<float>(v));
    return;
  }
  with_env(c, [&](Env& e) { c.s[op.rd] = soft_float::from_fixed(v, 0, Signed, e.rounding, e); });
}

template <bool Signed, bool TowardsZero>
void to_integer(Cpu& c, const Op& op) {
  if (!fp_ready(c, op)) return;
  const uint32_t bits = c.s[op.rm];
  const auto v = std::bit_cast<float>(bits);
  constexpr float kTop = Signed ? 2147483648.0f : 4294967296.0f;
  const bool fits = v < kTop && (Signed ? v >= -kTop : v > -1.0f);
  if (TowardsZero && c.fp_mode == Cpu::FpMode::host && fits) {
    c.s[op.rd] = static_cast<uint32_t>(static_cast<int64_t>(v));
    return;
  }
  with_env(c, [&](Env& e) {
    c.s[op.rd] = soft_float::to_fixed(bits, 0, Signed, 32, TowardsZero ? soft_float::kZero : e.rounding, e);
  });
}

// op.imm: fraction bits; op.rn: width; op.rd is source and destination.
template <bool Signed>
void to_fixed_point(Cpu& c, const Op& op) {
  if (!fp_ready(c, op)) return;
  with_env(c, [&](Env& e) {
    c.s[op.rd] = soft_float::to_fixed(c.s[op.rd], op.imm, Signed, op.rn, soft_float::kZero, e);
  });
}
template <bool Signed>
void from_fixed_point(Cpu& c, const Op& op) {
  if (!fp_ready(c, op)) return;
  uint32_t v = c.s[op.rd];
  if (op.rn == 16) v = Signed ? static_cast<uint32_t>(static_cast<int16_t>(v)) : v & 0xFFFF;
  with_env(c,
           [&](Env& e) { c.s[op.rd] = soft_float::from_fixed(v, op.imm, Signed, soft_float::kNearest, e); });
}

// op.imm: shift of the half in its register.
void half_to_single(Cpu& c, const Op& op) {
  if (!fp_ready(c, op)) return;
  with_env(
      c, [&](Env& e) { c.s[op.rd] = soft_float::from_half(static_cast<uint16_t>(c.s[op.rm] >> op.imm), e); });
}
void single_to_half(Cpu& c, const Op& op) {
  if (!fp_ready(c, op)) return;
  with_env(c, [&](Env& e) {
    const uint32_t half = soft_float::to_half(c.s[op.rm], e);
    c.s[op.rd] = (c.s[op.rd] & ~(0xFFFFu << op.imm)) | half << op.imm;
  });
}

}  // namespace

void fp_convert(const Fields& f, const Site&, unsigned kind, Op& op) {
  set_singles(f, op);
  const bool x = f['x'], y = f['y'];
  switch (kind) {
    case kFromInteger:
      op.handler = y ? from_integer<true> : from_integer<false>;
      break;
    case kToInteger: {
      static constexpr Handler kTable[2][2] = {{to_integer<false, false>, to_integer<false, true>},
                                               {to_integer<true, false>, to_integer<true, true>}};
      op.handler = kTable[x][y];
      break;
    }
    case kFixed: {
      op.rn = y ? 32 : 16;
      // The field is imm4:i, but i (bit 5) stands before imm4 in the picture.
      const uint32_t size = (f['i'] & 15) << 1 | f['i'] >> 4;
      if (size > op.rn) return;  // unpredictable
      op.imm = op.rn - size;
      op.handler = x ? (f['w'] ? to_fixed_point<false> : to_fixed_point<true>)
                     : (f['w'] ? from_fixed_point<false> : from_fixed_point<true>);
      break;
    }
    default:
      op.imm = y ? 16 : 0;
      op.handler = x ? single_to_half : half_to_single;
  }
}

}  // namespace xedgesim::isa::arm
