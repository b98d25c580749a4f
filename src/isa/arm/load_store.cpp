// ARMv7-M ARM A7: loads and stores of one register, of pairs, and the exclusive ones.
#include <utility>

#include "isa/arm/cpu.h"
#include "isa/arm/forms.h"

namespace xedgesim::isa::arm {
namespace {

enum Mode : uint8_t { kOffset, kRegisterOffset, kPreIndexed, kPostIndexed, kAbsolute };
enum Target : uint8_t { kGeneral, kToSp, kToPc };
constexpr unsigned kModes = kAbsolute + 1, kTargets = kToPc + 1;
constexpr unsigned kAccesses = kLdrsb + 1;

constexpr bool is_load(unsigned a) { return a >= kLdr; }

template <unsigned A>
struct Type {
  using type = uint32_t;
};
template <unsigned A>
requires(A == kStrh || A == kLdrh || A == kLdrsh) struct Type<A> {
  using type = uint16_t;
};
template <unsigned A>
requires(A == kStrb || A == kLdrb || A == kLdrsb) struct Type<A> {
  using type = uint8_t;
};

/// Quick: only what needs no call.
template <unsigned A, bool Quick>
bool access(Cpu& c, const Op& op, uint32_t address, uint32_t& value) {
  using T = typename Type<A>::type;
  if constexpr (!is_load(A)) {
    if constexpr (Quick) return c.try_store<T>(address, value);
    return c.store<T>(op, address, value);
  } else {
    if constexpr (Quick) {
      if (!c.try_load<T>(address, value)) return false;
    } else {
      if (!c.load<T>(op, address, value)) return false;
    }
    if constexpr (A == kLdrsh) value = static_cast<uint32_t>(static_cast<int16_t>(value));
    if constexpr (A == kLdrsb) value = static_cast<uint32_t>(static_cast<int8_t>(value));
    return true;
  }
}

template <unsigned A, unsigned M, unsigned T, bool Quick>
bool attempt(Cpu& c, const Op& op) {
  const uint32_t base = c.r[op.rn];
  uint32_t address;
  if constexpr (M == kAbsolute)
    address = op.imm;
  else if constexpr (M == kRegisterOffset)
    address = base + (c.r[op.rm] << op.imm);
  else if constexpr (M == kPostIndexed)
    address = base;
  else
    address = base + op.imm;
  uint32_t value = 0;
  if constexpr (!is_load(A)) value = c.r[op.rd];
  if (!access<A, Quick>(c, op, address, value)) return false;
  if constexpr (M == kPreIndexed || M == kPostIndexed) c.r[op.rn] = base + op.imm;
  if constexpr (is_load(A)) {
    if constexpr (T == kGeneral) c.r[op.rd] = value;
    if constexpr (T == kToSp) c.r[13] = value & ~3u;
    if constexpr (T == kToPc) c.interworking_branch(op, value);
  }
  return true;
}

template <unsigned A, unsigned M, unsigned T>
[[gnu::noinline]] void transfer_slowly(Cpu& c, const Op& op) {
  attempt<A, M, T, false>(c, op);
}
template <unsigned A, unsigned M, unsigned T>
void transfer(Cpu& c, const Op& op) {
  if (!attempt<A, M, T, true>(c, op)) [[unlikely]]
    transfer_slowly<A, M, T>(c, op);
}

template <unsigned... I>
constexpr std::array<Handler, sizeof...(I)> make_handlers(std::integer_sequence<unsigned, I...>) {
  return {&transfer<I / (kModes * kTargets), I / kTargets % kModes, I % kTargets>...};
}
constexpr auto kHandlers =
    make_handlers(std::make_integer_sequence<unsigned, kAccesses * kModes * kTargets>());

void pick(Op& op, unsigned access, unsigned mode) {
  Target target = kGeneral;
  if (access == kLdr && op.rd == 13) target = kToSp;
  if (access == kLdr && op.rd == 15) target = kToPc;
  if (!is_load(access) && op.rd == 15) return;  // unpredictable
  const bool write_back = mode == kPreIndexed || mode == kPostIndexed;
  if (write_back && (op.rn == 15 || op.rn == op.rd)) return;
  op.handler = kHandlers[(access * kModes + mode) * kTargets + target];
}

/// LDRT and STRT: with the rights of unprivileged code, whoever executes them.
template <unsigned A>
void transfer_as_user(Cpu& c, const Op& op) {
  c.set_user_access(true);
  attempt<A, kOffset, kGeneral, false>(c, op);
  c.set_user_access(false);
}

template <unsigned... A>
constexpr std::array<Handler, sizeof...(A)> make_user_handlers(std::integer_sequence<unsigned, A...>) {
  return {&transfer_as_user<A>...};
}
constexpr auto kUserHandlers = make_user_handlers(std::make_integer_sequence<unsigned, kAccesses>());

unsigned width_shift(unsigned access) {
  switch (access) {
    case kStr:
    case kLdr:
      return 2;
    case kStrh:
    case kLdrh:
    case kLdrsh:
      return 1;
    default:
      return 0;
  }
}

// Pairs: op.rd and op.ra; op.imm offset.
template <bool Load, unsigned M>
void transfer_pair(Cpu& c, const Op& op) {
  const uint32_t base = c.r[op.rn];
  const uint32_t address = M == kAbsolute ? op.imm : M == kPostIndexed ? base : base + op.imm;
  if constexpr (Load) {
    uint32_t first, second;
    if (!c.load_aligned(op, address, first) || !c.load_aligned(op, address + 4, second)) return;
    c.r[op.rd] = first;
    c.r[op.ra] = second;
  } else {
    if (!c.store_aligned(op, address, c.r[op.rd]) || !c.store_aligned(op, address + 4, c.r[op.ra])) return;
  }
  if constexpr (M == kPreIndexed || M == kPostIndexed) c.r[op.rn] = base + op.imm;
}

template <unsigned A>
void load_exclusive(Cpu& c, const Op& op) {
  const uint32_t address = c.r[op.rn] + op.imm;
  uint32_t value;
  if (!c.check_aligned(op, address, 1u << width_shift(A)) || !access<A, false>(c, op, address, value)) return;
  c.exclusive = true;
  c.r[op.rd] = value;
}
template <unsigned A>
void store_exclusive(Cpu& c, const Op& op) {
  const uint32_t address = c.r[op.rn] + op.imm;
  if (!c.check_aligned(op, address, 1u << width_shift(A))) return;
  if (c.exclusive) {
    uint32_t value = c.r[op.rd];
    if (!access<A, false>(c, op, address, value)) return;
  }
  c.r[op.ra] = !c.exclusive;
  c.exclusive = false;
}

}  // namespace

void access_immediate_16(const Fields& f, const Site&, unsigned kind, Op& op) {
  op.imm = f['i'] << width_shift(kind);
  pick(op, kind, kOffset);
}

void access_sp_16(const Fields& f, const Site&, unsigned kind, Op& op) {
  op.imm = f['i'] * 4;
  op.rn = 13;
  pick(op, kind, kOffset);
}

void access_register(const Fields& f, const Site&, unsigned kind, Op& op) {
  op.imm = f['i'];
  pick(op, kind, kRegisterOffset);
}

void access_immediate_12(const Fields& f, const Site&, unsigned kind, Op& op) {
  op.imm = f['i'];
  pick(op, kind, kOffset);
}

void access_immediate_8(const Fields&, const Site& site, unsigned kind, Op& op) {
  // From the bits themselves: PUSH T3 and POP T3 have them fixed.
  const bool index = site.raw >> 10 & 1, add = site.raw >> 9 & 1, write_back = site.raw >> 8 & 1;
  if (!index && !write_back) return;
  op.rn = site.raw >> 16 & 15;
  op.imm = add ? site.raw & 0xFF : -(site.raw & 0xFF);
  pick(op, kind, !write_back ? kOffset : index ? kPreIndexed : kPostIndexed);
}

void access_unprivileged(const Fields& f, const Site&, unsigned kind, Op& op) {
  op.imm = f['i'];
  pick(op, kind, kOffset);
  if (op.handler == kHandlers[(kind * kModes + kOffset) * kTargets + kGeneral])
    op.handler = kUserHandlers[kind];
}

void load_literal(const Fields& f, const Site& site, unsigned kind, Op& op) {
  const uint32_t base = (site.address + 4) & ~3u, offset = site.wide ? f['i'] : f['i'] * 4;
  op.imm = !site.wide || f['v'] ? base + offset : base - offset;
  op.rn = 0;
  pick(op, kind, kAbsolute);
}

void access_pair(const Fields& f, const Site& site, unsigned kind, Op& op) {
  static constexpr Handler kStore[] = {transfer_pair<false, kOffset>, transfer_pair<false, kPreIndexed>,
                                       transfer_pair<false, kPostIndexed>};
  static constexpr Handler kLoad[] = {transfer_pair<true, kOffset>, transfer_pair<true, kPreIndexed>,
                                      transfer_pair<true, kPostIndexed>};
  const uint32_t offset = f['i'] * 4;
  op.imm = f['v'] ? offset : -offset;
  const bool post = kind & 4, load = kind & 3, write_back = post || f['w'];
  if (load && op.rd == op.ra) return;
  if (write_back && (op.rn == op.rd || op.rn == op.ra)) return;
  if ((kind & 3) == 2) {
    op.imm += (site.address + 4) & ~3u;
    op.handler = transfer_pair<true, kAbsolute>;
  } else {
    const unsigned mode = post ? 2 : write_back ? 1 : 0;
    op.handler = (load ? kLoad : kStore)[mode];
  }
}

void access_exclusive(const Fields& f, const Site&, unsigned kind, Op& op) {
  op.imm = f['i'] * 4;
  if (!is_load(kind) && (op.ra == op.rd || op.ra == op.rn)) return;
  switch (kind) {
    case kLdr:
      op.handler = load_exclusive<kLdr>;
      break;
    case kLdrh:
      op.handler = load_exclusive<kLdrh>;
      break;
    case kLdrb:
      op.handler = load_exclusive<kLdrb>;
      break;
    case kStr:
      op.handler = store_exclusive<kStr>;
      break;
    case kStrh:
      op.handler = store_exclusive<kStrh>;
      break;
    default:
      op.handler = store_exclusive<kStrb>;
      break;
  }
}

}  // namespace xedgesim::isa::arm
