// ARMv7-M ARM A7: multiply and divide instructions.
#include <bit>

#include "isa/arm/cpu.h"
#include "isa/arm/forms.h"

namespace xedgesim::isa::arm {
namespace {

int64_t s32(uint32_t v) { return static_cast<int32_t>(v); }
template <bool Top>
int32_t half(uint32_t v) {
  return static_cast<int16_t>(Top ? v >> 16 : v);
}
uint64_t pair(const Cpu& c, const Op& op) { return uint64_t{c.r[op.ra]} << 32 | c.r[op.rd]; }
void set_pair(Cpu& c, const Op& op, uint64_t v) {
  c.r[op.rd] = static_cast<uint32_t>(v);
  c.r[op.ra] = static_cast<uint32_t>(v >> 32);
}
/// Keeps 32 bits and sets Q when that loses something.
void set_accumulated(Cpu& c, const Op& op, int64_t v) {
  if (v != static_cast<int32_t>(v)) c.q_flag = true;
  c.r[op.rd] = static_cast<uint32_t>(v);
}

void muls(Cpu& c, const Op& op) {
  const uint32_t v = c.r[op.rn] * c.r[op.rm];
  c.r[op.rd] = v;
  c.set_nz(v);
}
void mul(Cpu& c, const Op& op) { c.r[op.rd] = c.r[op.rn] * c.r[op.rm]; }
void mla(Cpu& c, const Op& op) { c.r[op.rd] = c.r[op.ra] + c.r[op.rn] * c.r[op.rm]; }
void mls(Cpu& c, const Op& op) { c.r[op.rd] = c.r[op.ra] - c.r[op.rn] * c.r[op.rm]; }
void smull(Cpu& c, const Op& op) {
  set_pair(c, op, static_cast<uint64_t>(s32(c.r[op.rn]) * s32(c.r[op.rm])));
}
void umull(Cpu& c, const Op& op) { set_pair(c, op, uint64_t{c.r[op.rn]} * c.r[op.rm]); }
void smlal(Cpu& c, const Op& op) {
  set_pair(c, op, pair(c, op) + static_cast<uint64_t>(s32(c.r[op.rn]) * s32(c.r[op.rm])));
}
void umlal(Cpu& c, const Op& op) { set_pair(c, op, pair(c, op) + uint64_t{c.r[op.rn]} * c.r[op.rm]); }
void umaal(Cpu& c, const Op& op) {
  set_pair(c, op, uint64_t{c.r[op.rn]} * c.r[op.rm] + c.r[op.rd] + c.r[op.ra]);
}

template <bool X, bool Y>
int64_t product(const Cpu& c, const Op& op) {
  return int64_t{half<X>(c.r[op.rn])} * half<Y>(c.r[op.rm]);
}
template <bool Y>
int64_t wide_product(const Cpu& c, const Op& op) {
  return s32(c.r[op.rn]) * half<Y>(c.r[op.rm]) >> 16;
}
/// Sum or difference of the two halves' products; X exchanges the halves of Rm.
template <bool X, bool Subtract>
int64_t dual_product(const Cpu& c, const Op& op) {
  const uint32_t n = c.r[op.rn], m = X ? std::rotl(c.r[op.rm], 16) : c.r[op.rm];
  const int64_t low = int64_t{half<false>(n)} * half<false>(m), high = int64_t{half<true>(n)} * half<true>(m);
  return Subtract ? low - high : low + high;
}

template <unsigned K, bool X, bool Y>
void signed_multiply(Cpu& c, const Op& op) {
  const int64_t a = s32(c.r[op.ra]);
  constexpr uint64_t kRound = Y ? 0x80000000u : 0;
  const uint64_t product64 = static_cast<uint64_t>(s32(c.r[op.rn]) * s32(c.r[op.rm]));
  if constexpr (K == kSmulxy) c.r[op.rd] = static_cast<uint32_t>(product<X, Y>(c, op));
  if constexpr (K == kSmlaxy) set_accumulated(c, op, product<X, Y>(c, op) + a);
  if constexpr (K == kSmulw) c.r[op.rd] = static_cast<uint32_t>(wide_product<Y>(c, op));
  if constexpr (K == kSmlaw) set_accumulated(c, op, wide_product<Y>(c, op) + a);
  if constexpr (K == kSmuad) set_accumulated(c, op, dual_product<Y, false>(c, op));
  if constexpr (K == kSmlad) set_accumulated(c, op, dual_product<Y, false>(c, op) + a);
  if constexpr (K == kSmusd) c.r[op.rd] = static_cast<uint32_t>(dual_product<Y, true>(c, op));
  if constexpr (K == kSmlsd) set_accumulated(c, op, dual_product<Y, true>(c, op) + a);
  if constexpr (K == kSmmul) c.r[op.rd] = static_cast<uint32_t>((product64 + kRound) >> 32);
  if constexpr (K == kSmmla)
    c.r[op.rd] =
        static_cast<uint32_t>((static_cast<uint64_t>(a) * (uint64_t{1} << 32) + product64 + kRound) >> 32);
  if constexpr (K == kSmmls)
    c.r[op.rd] =
        static_cast<uint32_t>((static_cast<uint64_t>(a) * (uint64_t{1} << 32) - product64 + kRound) >> 32);
  if constexpr (K == kSmlalxy) set_pair(c, op, pair(c, op) + static_cast<uint64_t>(product<X, Y>(c, op)));
  if constexpr (K == kSmlald)
    set_pair(c, op, pair(c, op) + static_cast<uint64_t>(dual_product<Y, false>(c, op)));
  if constexpr (K == kSmlsld)
    set_pair(c, op, pair(c, op) + static_cast<uint64_t>(dual_product<Y, true>(c, op)));
}

/// Early termination: 2 cycles when the quotient is trivially small, one more per 4 significant bits of
/// difference; 12 at most (docs/cpu.md).
void add_divide_cycles(Cpu& c, uint32_t n, uint32_t m) {
  const int difference = std::countl_zero(m) - std::countl_zero(n);
  if (n != 0 && difference >= 0) c.add_cycles(1 + static_cast<unsigned>(difference) / 4);
}
bool divide_by_zero(Cpu& c, const Op& op) {
  if (c.r[op.rm] != 0) return false;
  if (c.sys.ccr & ccr::kDiv0Trp)
    c.fault(op, kUsageFault, cfsr::kDivByZero);
  else
    c.r[op.rd] = 0;
  return true;
}
void udiv(Cpu& c, const Op& op) {
  if (divide_by_zero(c, op)) return;
  const uint32_t n = c.r[op.rn], m = c.r[op.rm];
  add_divide_cycles(c, n, m);
  c.r[op.rd] = n / m;
}
void sdiv(Cpu& c, const Op& op) {
  if (divide_by_zero(c, op)) return;
  const int64_t n = s32(c.r[op.rn]), m = s32(c.r[op.rm]);
  add_divide_cycles(c, static_cast<uint32_t>(n < 0 ? -n : n), static_cast<uint32_t>(m < 0 ? -m : m));
  c.r[op.rd] = static_cast<uint32_t>(n / m);
}

template <unsigned K>
Handler pick_halves(unsigned x, unsigned y) {
  static constexpr Handler kTable[] = {signed_multiply<K, false, false>, signed_multiply<K, false, true>,
                                       signed_multiply<K, true, false>, signed_multiply<K, true, true>};
  return kTable[x * 2 + y];
}

Handler pick(unsigned kind, unsigned x, unsigned y) {
  switch (kind) {
    case kMul:
      return mul;
    case kMla:
      return mla;
    case kMls:
      return mls;
    case kSmulxy:
      return pick_halves<kSmulxy>(x, y);
    case kSmlaxy:
      return pick_halves<kSmlaxy>(x, y);
    case kSmulw:
      return pick_halves<kSmulw>(x, y);
    case kSmlaw:
      return pick_halves<kSmlaw>(x, y);
    case kSmuad:
      return pick_halves<kSmuad>(x, y);
    case kSmlad:
      return pick_halves<kSmlad>(x, y);
    case kSmusd:
      return pick_halves<kSmusd>(x, y);
    case kSmlsd:
      return pick_halves<kSmlsd>(x, y);
    case kSmmul:
      return pick_halves<kSmmul>(x, y);
    case kSmmla:
      return pick_halves<kSmmla>(x, y);
    case kSmmls:
      return pick_halves<kSmmls>(x, y);
    case kSmlalxy:
      return pick_halves<kSmlalxy>(x, y);
    case kSmlald:
      return pick_halves<kSmlald>(x, y);
    case kSmlsld:
      return pick_halves<kSmlsld>(x, y);
    case kSmull:
      return smull;
    case kUmull:
      return umull;
    case kSmlal:
      return smlal;
    case kUmlal:
      return umlal;
    case kUmaal:
      return umaal;
    case kSdiv:
      return sdiv;
    default:
      return udiv;
  }
}

}  // namespace

void multiply_16(const Fields&, const Site&, unsigned, Op& op) {
  op.rm = op.rd;
  op.handler = muls;
}

void multiply(const Fields& f, const Site&, unsigned kind, Op& op) {
  op.handler = pick(kind, f['x'], f['y']);
}

}  // namespace xedgesim::isa::arm
