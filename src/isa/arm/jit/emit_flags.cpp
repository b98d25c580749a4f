// Condition flags: which instruction they are of is known while translating; they are computed where they are
// needed, and noted in State's record where code leaves.
#include "isa/arm/jit/emitter.h"

namespace xedgesim::isa::arm::jit {

using namespace asmjit::x86;

void Emitter::load_value(const Gp& to, const Value& v) {
  if (v.kind == Value::reg)
    load(to, v.v);
  else if (v.kind == Value::imm)
    a_.mov(to, static_cast<int32_t>(v.v));
  else
    a_.mov(to, at(cpu_.jit_state.slots[v.v]));
}

void Emitter::store_value(const Mem& to, const Value& v, const Gp& temporary) {
  if (v.kind == Value::imm) {
    a_.mov(to, static_cast<int32_t>(v.v));
  } else if (v.kind == Value::reg && mapped(v.v)) {
    a_.mov(to, host(v.v));
  } else {
    load_value(temporary, v);
    a_.mov(to, temporary);
  }
}

Emitter::Value Emitter::save(const Value& v, unsigned slot) {
  store_value(at(cpu_.jit_state.slots[slot]), v, eax);
  return {Value::slot, slot};
}

void Emitter::save_clobbered(uint16_t registers, uint8_t needed) {
  if (!needed) return;
  const auto keep = [&](Value& v, unsigned slot) {
    if (v.kind == Value::reg && registers >> v.v & 1) v = save(v, slot);
  };
  keep(flags_.a, 0);
  keep(flags_.b, 1);
  if (needed & kNz) keep(flags_.nz, 2);
  if (needed & kC) keep(flags_.c, 3);
}

void Emitter::store_record(const Flags& f, const Gp& temporary) {
  const auto& s = cpu_.jit_state;
  uint32_t kind = f.base == kUnknown ? 0 : f.base;
  if (f.nz.kind != Value::none) {
    kind |= kFlagsNewNz;
    store_value(at(s.nz), f.nz, temporary);
  }
  if (f.c.kind != Value::none) {
    kind |= kFlagsNewC;
    if (f.c.kind == Value::imm) {
      a_.mov(at(s.c), static_cast<int32_t>(f.c.v));
    } else {
      load_value(temporary, f.c);
      if (f.c_bit) a_.shr(temporary, f.c_bit);
      a_.and_(temporary, 1);
      a_.mov(at(s.c), temporary);
    }
  }
  if (f.base == kUnknown) {
    if (kind) a_.or_(at(s.kind), static_cast<int32_t>(kind));
    return;
  }
  if (f.base != kFlagsDone) {
    store_value(at(s.a), f.a, temporary);
    store_value(at(s.b), f.b, temporary);
  }
  a_.mov(at(s.kind), static_cast<int32_t>(kind));
}

void Emitter::settle_flags() {
  store_record(flags_);
  if (flags_.base != kFlagsDone || flags_.nz.kind != Value::none || flags_.c.kind != Value::none) {
    const Label done = a_.newLabel();
    a_.cmp(at(cpu_.jit_state.kind), 0);
    a_.je(done);
    a_.call(cache_.thunks().settle_flags);
    a_.bind(done);
  }
  flags_ = Flags{};
  flags_.base = kFlagsDone;
}

void Emitter::set_arithmetic(bool subtraction, Value a, Value b, int destination) {
  flags_ = Flags{};
  if (!live_) return;
  const bool result = destination >= 0 && a.kind == Value::reg && a.v == static_cast<uint32_t>(destination);
  flags_.base = subtraction ? (result ? kFlagsSubResult : kFlagsSub) : (result ? kFlagsAddResult : kFlagsAdd);
  flags_.a = a;
  flags_.b = b;
}

namespace {

constexpr CondCode kSubtraction[] = {CondCode::kE,  CondCode::kNE, CondCode::kAE, CondCode::kB, CondCode::kS,
                                     CondCode::kNS, CondCode::kO,  CondCode::kNO, CondCode::kA, CondCode::kBE,
                                     CondCode::kGE, CondCode::kL,  CondCode::kG,  CondCode::kLE};

bool needs_only_nz(unsigned cond) { return cond < 2 || (cond >> 1) == 2; }

}  // namespace

Emitter::Cond Emitter::condition_from_memory(unsigned cond) {
  settle_flags();
  const bool inverted = cond & 1;
  Cond result = CondCode::kNE;
  switch (cond >> 1) {
    case 0:
      a_.cmp(at(cpu_.z_flag), 0);
      result = CondCode::kE;
      break;
    case 1:
      a_.cmp(at(cpu_.c_flag), 0);
      break;
    case 2:
      a_.cmp(at(cpu_.n_flag), 0);
      result = CondCode::kS;
      break;
    case 3:
      a_.cmp(at(cpu_.v_flag), 0);
      result = CondCode::kS;
      break;
    case 4:
      a_.xor_(eax, eax);
      a_.cmp(at(cpu_.z_flag), 0);
      a_.setne(al);
      a_.test(at(cpu_.c_flag), eax);
      break;
    case 5:
      a_.mov(eax, at(cpu_.n_flag));
      a_.xor_(eax, at(cpu_.v_flag));
      result = CondCode::kNS;
      break;
    default:
      a_.mov(eax, at(cpu_.n_flag));
      a_.xor_(eax, at(cpu_.v_flag));
      a_.sar(eax, 31);
      a_.not_(eax);
      a_.test(at(cpu_.z_flag), eax);
  }
  return inverted ? negateCond(result) : result;
}

Emitter::Cond Emitter::condition(unsigned cond) {
  const HostFlags ready = last_host_flags_;
  const Cond code = kSubtraction[cond];
  const bool carry = (cond >> 1) == 1, mixed = (cond >> 1) == 4;
  // What the instruction before left in the host's flags.
  if (ready == HostFlags::sub) return code;
  if (ready == HostFlags::add && !mixed) return carry ? negateCond(code) : code;
  if (ready == HostFlags::logic && needs_only_nz(cond)) return code;
  last_host_flags_ = HostFlags::none;

  if (flags_.nz.kind != Value::none) {
    if (needs_only_nz(cond)) {
      if (flags_.nz.kind == Value::reg && mapped(flags_.nz.v)) {
        a_.test(host(flags_.nz.v), host(flags_.nz.v));
      } else {
        load_value(eax, flags_.nz);
        a_.test(eax, eax);
      }
      return code;
    }
    if (!(carry && flags_.c.kind != Value::none)) return condition_from_memory(cond);
  }
  if (flags_.c.kind != Value::none) {
    if (!carry) return condition_from_memory(cond);
    load_value(eax, flags_.c);
    a_.bt(eax, flags_.c_bit);
    return negateCond(code);  // CF is the carry itself
  }
  return condition_of_base(cond);
}

Emitter::Cond Emitter::condition_of_base(unsigned cond) {
  const Cond code = kSubtraction[cond];
  const bool carry = (cond >> 1) == 1, mixed = (cond >> 1) == 4;
  switch (flags_.base) {
    case kFlagsSub:
      if (flags_.a.kind == Value::reg && mapped(flags_.a.v) && flags_.b.kind == Value::imm) {
        a_.cmp(host(flags_.a.v), static_cast<int32_t>(flags_.b.v));
      } else if (flags_.a.kind == Value::reg && mapped(flags_.a.v) && flags_.b.kind == Value::reg) {
        with(Inst::kIdCmp, host(flags_.a.v), flags_.b.v);
      } else {
        load_value(eax, flags_.a);
        load_value(ecx, flags_.b);
        a_.cmp(eax, ecx);
      }
      return code;
    case kFlagsSubResult:
    case kFlagsAddResult:
      load_value(eax, flags_.a);
      if (needs_only_nz(cond)) {
        a_.test(eax, eax);
        return code;
      }
      load_value(ecx, flags_.b);
      if (flags_.base == kFlagsSubResult) {
        a_.add(eax, ecx);
        a_.cmp(eax, ecx);
        return code;
      }
      if (mixed) return condition_from_memory(cond);
      a_.sub(eax, ecx);
      a_.add(eax, ecx);
      return carry ? negateCond(code) : code;
    case kFlagsAdd:
      if (mixed) return condition_from_memory(cond);
      load_value(eax, flags_.a);
      load_value(ecx, flags_.b);
      a_.add(eax, ecx);
      return carry ? negateCond(code) : code;
    default:
      return condition_from_memory(cond);
  }
}

/// CF becomes the guest's carry, or with `as_borrow` its complement.
void Emitter::carry_to_host(bool as_borrow) {
  const Cond cc = condition(2);  // carry set
  const bool in_cf = cc == CondCode::kB, complement = cc == CondCode::kAE;
  if (!in_cf && !complement) {
    // Not in CF: from the core's word, which is 0 or 1.
    a_.bt(at(cpu_.c_flag), 0);
    if (as_borrow) a_.cmc();
    return;
  }
  if (in_cf == as_borrow) a_.cmc();
}

}  // namespace xedgesim::isa::arm::jit
