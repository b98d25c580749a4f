// FPv4-SP arithmetic, moves and comparison (ARMv7-M ARM A7.7, A2.5). Host arithmetic computes what it
// computes as the guest would; a result that could differ (NaN, smallest normal number, where the guest
// detects tininess before rounding and the host after) is computed again by soft_float.
#include <bit>
#include <cmath>

#include "isa/arm/cpu.h"
#include "isa/arm/forms.h"
#include "isa/arm/fp_registers.h"
#include "isa/arm/soft_float.h"

namespace xedgesim::isa::arm {
namespace {

using soft_float::Env;
constexpr uint32_t kSign = 0x80000000;

bool needs_care(float v) {
  const uint32_t magnitude = std::bit_cast<uint32_t>(v) & 0x7FFFFFFF;
  return magnitude > 0x7F800000 || magnitude == 0x00800000;
}

template <unsigned K>
uint32_t exact(uint32_t d, uint32_t n, uint32_t m, Env& e) {
  using namespace soft_float;
  switch (K) {
    case kVmla:
      return add(d, multiply(n, m, e), e);
    case kVmls:
      return add(d, multiply(n, m, e) ^ kSign, e);
    case kVnmla:
      return add(d ^ kSign, multiply(n, m, e) ^ kSign, e);
    case kVnmls:
      return add(d ^ kSign, multiply(n, m, e), e);
    case kVmul:
      return multiply(n, m, e);
    case kVnmul:
      return multiply(n, m, e) ^ kSign;
    case kVadd:
      return add(n, m, e);
    case kVsub:
      return subtract(n, m, e);
    case kVdiv:
      return divide(n, m, e);
    case kVfma:
      return fused_multiply_add(d, n, m, e);
    case kVfms:
      return fused_multiply_add(d, n ^ kSign, m, e);
    case kVfnma:
      return fused_multiply_add(d ^ kSign, n ^ kSign, m, e);
    case kVfnms:
      return fused_multiply_add(d ^ kSign, n, m, e);
    default:
      return square_root(m, e);
  }
}

template <unsigned K>
[[gnu::noinline]] void arithmetic_exact(Cpu& c, const Op& op) {
  if (!fp_ready(c, op)) return;
  Env env(c.fpscr);
  c.s[op.rd] = exact<K>(c.s[op.rd], c.s[op.rn], c.s[op.rm], env);
  c.fpscr |= env.flags;
}

template <unsigned K>
void arithmetic(Cpu& c, const Op& op) {
  if (c.fp_mode != Cpu::FpMode::host) [[unlikely]] {
    if (!fp_ready(c, op)) return;
    if (c.fp_mode != Cpu::FpMode::host) return arithmetic_exact<K>(c, op);
  }
  const auto d = std::bit_cast<float>(c.s[op.rd]);
  const auto n = std::bit_cast<float>(c.s[op.rn]), m = std::bit_cast<float>(c.s[op.rm]);
  float result = 0, product = 1;
  if constexpr (K == kVmla || K == kVmls || K == kVnmla || K == kVnmls) {
    product = n * m;
    if constexpr (K == kVmla) result = d + product;
    if constexpr (K == kVmls) result = d - product;
    if constexpr (K == kVnmla) result = -d - product;
    if constexpr (K == kVnmls) result = product - d;
  }
  if constexpr (K == kVmul) result = n * m;
  if constexpr (K == kVnmul) result = -(n * m);
  if constexpr (K == kVadd) result = n + m;
  if constexpr (K == kVsub) result = n - m;
  if constexpr (K == kVdiv) result = n / m;
  if constexpr (K == kVfma) result = std::fma(n, m, d);
  if constexpr (K == kVfms) result = std::fma(-n, m, d);
  if constexpr (K == kVfnma) result = std::fma(-n, m, -d);
  if constexpr (K == kVfnms) result = std::fma(n, m, -d);
  if constexpr (K == kVsqrt) result = std::sqrt(m);
  if (needs_care(result) || needs_care(product)) [[unlikely]]
    return arithmetic_exact<K>(c, op);
  c.s[op.rd] = std::bit_cast<uint32_t>(result);
}

template <unsigned K>
void move(Cpu& c, const Op& op) {
  if (!fp_ready(c, op)) return;
  const uint32_t v = c.s[op.rm];
  c.s[op.rd] = K == kVabs ? v & ~kSign : K == kVneg ? v ^ kSign : v;
}
void move_immediate(Cpu& c, const Op& op) {
  if (fp_ready(c, op)) c.s[op.rd] = op.imm;
}

template <bool WithZero>
void compare(Cpu& c, const Op& op) {
  if (!fp_ready(c, op)) return;
  const uint32_t a = c.s[op.rd], b = WithZero ? 0 : c.s[op.rm];
  uint32_t nzcv;
  if (c.fp_mode == Cpu::FpMode::host && !soft_float::is_nan(a) && !soft_float::is_nan(b)) {
    const auto x = std::bit_cast<float>(a), y = std::bit_cast<float>(b);
    nzcv = x == y ? 0x60000000u : x < y ? 0x80000000u : 0x20000000u;
  } else {
    Env env(c.fpscr);
    nzcv = soft_float::compare(a, b, op.imm, env);
    c.fpscr |= env.flags;
  }
  c.fpscr = (c.fpscr & 0x0FFFFFFF) | nzcv;
}

}  // namespace

void fp_arithmetic(const Fields& f, const Site&, unsigned kind, Op& op) {
  static constexpr Handler kTable[] = {
      arithmetic<kVmla>,  arithmetic<kVmls>,  arithmetic<kVnmla>, arithmetic<kVnmls>, arithmetic<kVmul>,
      arithmetic<kVnmul>, arithmetic<kVadd>,  arithmetic<kVsub>,  arithmetic<kVdiv>,  arithmetic<kVfma>,
      arithmetic<kVfms>,  arithmetic<kVfnma>, arithmetic<kVfnms>, arithmetic<kVsqrt>};
  set_singles(f, op);
  op.handler = kTable[kind];
}

void fp_move(const Fields& f, const Site&, unsigned kind, Op& op) {
  static constexpr Handler kTable[] = {move<kVmov>, move<kVabs>, move<kVneg>};
  set_singles(f, op);
  op.handler = kTable[kind];
}

void fp_immediate(const Fields& f, const Site&, unsigned, Op& op) {
  // VFPExpandImm (A6.4.1): sign, exponent NOT(b):bbbbb:cd, fraction efgh
  const uint32_t i = f['i'], b = i >> 6 & 1;
  set_singles(f, op);
  op.imm = (i >> 7) << 31 | (b ? 0x3E000000u : 0x40000000u) | (i & 0x3F) << 19;
  op.handler = move_immediate;
}

void fp_compare(const Fields& f, const Site&, unsigned kind, Op& op) {
  set_singles(f, op);
  op.imm = f['y'];
  op.handler = kind ? compare<true> : compare<false>;
}

}  // namespace xedgesim::isa::arm
