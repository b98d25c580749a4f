// Arithmetic, logic and shifts in host code.
#include "isa/arm/jit/emitter.h"

namespace xedgesim::isa::arm::jit {

using namespace asmjit::x86;

/// Second operand of the instruction into `to`, shifted.
void Emitter::operand(const Gp& to) {
  if (i_->immediate) {
    a_.mov(to, static_cast<int32_t>(i_->op->imm));
  } else {
    if (i_->shift == kRrx) return shift_operand(to);
    load(to, i_->op->rm);
    if (i_->shift != Insn::kNoShift) shift_operand(to);
  }
}

void Emitter::shift_operand(const Gp& to) {
  const unsigned n = i_->amount;
  switch (i_->shift) {
    case kLsl:
      a_.shl(to, n);
      break;
    case kLsr:
      n == 32 ? a_.xor_(to, to) : a_.shr(to, n);
      break;
    case kAsr:
      a_.sar(to, n == 32 ? 31 : n);
      break;
    case kRor:
      a_.ror(to, n);
      break;
    default:  // RRX
      carry_to_host(false);
      load(to, i_->op->rm);  // leaves the host's flags alone
      a_.rcr(to, 1);
  }
}

void Emitter::alu() {
  const unsigned kind = i_->kind;
  switch (kind) {
    case kAdd:
    case kSub:
    case kRsb:
    case kCmp:
    case kCmn:
      return add_subtract(kind);
    case kAdc:
    case kSbc:
      return with_carry(kind);
    default:
      return logic(kind);
  }
}

void Emitter::with_operand(Inst::Id id, const Gp& to) {
  if (i_->shift != Insn::kNoShift)
    a_.emit(id, to, ecx);
  else if (i_->immediate)
    a_.emit(id, to, asmjit::Imm(static_cast<int32_t>(i_->op->imm)));
  else
    with(id, to, i_->op->rm);
}

/// The address arithmetic of the host does what needs neither flags nor more than its form.
bool Emitter::add_as_address(bool subtraction) {
  const Op& op = *i_->op;
  if (i_->shift != Insn::kNoShift || !mapped(op.rd) || !mapped(op.rn) || op.rd == op.rn) return false;
  const auto base = host(op.rn).r64();
  if (i_->immediate)
    a_.lea(host(op.rd), ptr(base, static_cast<int32_t>(subtraction ? -op.imm : op.imm)));
  else if (!subtraction && mapped(op.rm))
    a_.lea(host(op.rd), ptr(base, host(op.rm).r64()));
  else
    return false;
  return true;
}

void Emitter::add_subtract(unsigned kind) {
  const Op& op = *i_->op;
  const bool reversed = kind == kRsb, subtraction = kind != kAdd && kind != kCmn;
  const bool compares = kind == kCmp || kind == kCmn, shifted = i_->shift != Insn::kNoShift;
  const int d = compares ? -1 : op.rd;
  const unsigned n = op.rn;
  // The operands as flags would have them, kept from being overwritten.
  Value x = reg_value(n), y = i_->immediate ? imm_value(op.imm) : reg_value(op.rm);
  const bool notes = i_->sets_flags && live_;
  if (shifted) {
    operand(ecx);
    if (notes) {
      // Slot 0 is that of the first operand of the sum or difference, slot 1 of the second.
      y = {Value::slot, reversed ? 0u : 1u};
      a_.mov(at(cpu_.jit_state.slots[y.v]), ecx);
    }
  }
  if (notes && d >= 0) {
    const auto target = static_cast<uint32_t>(d);
    Value& kept = reversed ? x : y;  // what the result does not give back
    Value& other = reversed ? y : x;
    if (kept.kind == Value::reg && kept.v == target) {
      kept = save(kept, 1);
      if (other.kind == Value::reg && other.v == target) other = kept;
    }
  }
  const auto finish_flags = [&] {
    if (!i_->sets_flags) return;
    host_flags_ = subtraction ? HostFlags::sub : HostFlags::add;
    reversed ? set_arithmetic(true, y, x, d) : set_arithmetic(subtraction, x, y, d);
  };

  if (compares && subtraction && mapped(n)) {
    with_operand(Inst::kIdCmp, host(n));
    return finish_flags();
  }
  if (reversed) {
    with_operand(Inst::kIdMov, eax);
    with(Inst::kIdSub, eax, n);
    store(op.rd, eax);
    return finish_flags();
  }
  const auto id = subtraction ? Inst::kIdSub : Inst::kIdAdd;
  if (!i_->sets_flags && add_as_address(subtraction)) return;
  const bool in_place = !compares && mapped(op.rd) && op.rd == n;
  const Gp to = in_place ? host(op.rd) : Gp(eax);
  if (!in_place) load(eax, n);
  with_operand(id, to);
  if (!compares && !in_place) {
    if (op.rd == 13) a_.and_(eax, -4);  // without flags only
    store(op.rd, eax);
  }
  finish_flags();
}

void Emitter::with_carry(unsigned kind) {
  const Op& op = *i_->op;
  const bool subtraction = kind == kSbc;
  const bool shifted = i_->shift != Insn::kNoShift;
  if (shifted) {
    operand(ecx);
    a_.mov(at(cpu_.jit_state.slots[4]), ecx);
    last_host_flags_ = HostFlags::none;
  }
  carry_to_host(subtraction);
  load(eax, op.rn);
  const auto id = subtraction ? Inst::kIdSbb : Inst::kIdAdc;
  if (i_->immediate)
    a_.emit(id, eax, asmjit::Imm(static_cast<int32_t>(op.imm)));
  else if (shifted)
    a_.emit(id, eax, at(cpu_.jit_state.slots[4]));
  else
    with(id, eax, op.rm);
  if (i_->sets_flags && live_) {
    subtraction ? a_.setnc(at(cpu_.c_flag, 1)) : a_.setc(at(cpu_.c_flag, 1));
    a_.seto(cl);
    a_.mov(at(cpu_.n_flag), eax);
    a_.mov(at(cpu_.z_flag), eax);
    a_.movzx(ecx, cl);
    a_.shl(ecx, 31);
    a_.mov(at(cpu_.v_flag), ecx);
    a_.mov(at(cpu_.jit_state.kind), 0);
  }
  if (i_->sets_flags) {
    flags_ = Flags{};
    flags_.base = kFlagsDone;
  }
  if (op.rd == 13) a_.and_(eax, -4);
  store(op.rd, eax);
}

Emitter::Carry Emitter::operand_carry(bool compares) {
  if (i_->carry_known) return {imm_value(i_->op->ra), 0};
  if (i_->shift == Insn::kNoShift) return {};
  const int n = i_->amount;
  const Value source = reg_value(i_->op->rm);
  const bool overwritten = !compares && i_->op->rm == i_->op->rd;
  return {overwritten ? save(source, 3) : source, i_->shift == kLsl   ? 32 - n
                                                  : i_->shift == kAsr ? (n == 32 ? 31 : n - 1)
                                                  : i_->shift == kRrx ? 0
                                                                      : n - 1};
}

/// MOV that leaves the flags.
void Emitter::copy() {
  const Op& op = *i_->op;
  if (i_->immediate && op.imm == 0 && mapped(op.rd) && host_flags_ == HostFlags::none) {
    a_.mov(host(op.rd), 0);
  } else if (i_->immediate) {
    if (mapped(op.rd))
      a_.mov(host(op.rd), static_cast<int32_t>(op.imm));
    else
      a_.mov(reg_memory(op.rd), static_cast<int32_t>(op.imm));
  } else {
    const Gp to = result(op.rd, eax);
    operand(to);
    finish(op.rd, to);
  }
}

/// AND, ORR, EOR and their like; gives the host register of the result.
Emitter::Gp Emitter::bitwise(unsigned kind, bool compares) {
  const Op& op = *i_->op;
  const bool negated = kind == kBic || kind == kOrn;
  const auto id = kind == kOrr || kind == kOrn   ? Inst::kIdOr
                  : kind == kEor || kind == kTeq ? Inst::kIdXor
                                                 : Inst::kIdAnd;
  const bool in_place = !compares && mapped(op.rd) && op.rd == op.rn;
  const Gp to = in_place ? host(op.rd) : Gp(eax);
  if (i_->immediate) {
    if (!in_place) load(eax, op.rn);
    a_.emit(id, to, asmjit::Imm(static_cast<int32_t>(negated ? ~op.imm : op.imm)));
    return to;
  }
  const bool plain = i_->shift == Insn::kNoShift && !negated;
  if (!plain) {
    operand(ecx);
    if (negated) a_.not_(ecx);
  }
  if (!in_place) load(eax, op.rn);
  if (plain)
    with(id, to, op.rm);
  else
    a_.emit(id, to, ecx);
  return to;
}

void Emitter::logic(unsigned kind) {
  const Op& op = *i_->op;
  const bool compares = kind >= kTst, sets = i_->sets_flags, moves = kind == kMov || kind == kMvn;
  const Carry carry = sets && live_ & kC ? operand_carry(compares) : Carry{};
  if (kind == kMov && !sets && op.rd != 13) return copy();
  Gp to = eax;
  if (moves) {
    to = op.rd != 13 ? result(op.rd, eax) : Gp(eax);
    operand(to);
    if (kind == kMvn) a_.not_(to);
  } else {
    to = bitwise(kind, compares);
  }
  if (sets) {
    Value value = compares ? Value{} : reg_value(op.rd);
    if (compares && live_ & kNz) {
      a_.mov(at(cpu_.jit_state.slots[2]), eax);
      value = {Value::slot, 2};
    }
    if (kind == kMov && i_->immediate) value = imm_value(op.imm);
    flags_.nz = value;
    if (carry.value.kind != Value::none) flags_.c = carry.value, flags_.c_bit = carry.bit;
    if (!moves) host_flags_ = HostFlags::logic;
  }
  if (compares) return;
  if (op.rd == 13) a_.and_(eax, -4);
  if (to.id() == eax.id()) store(op.rd, eax);
  if (op.rd == 13) host_flags_ = HostFlags::none;
}

void Emitter::shift_by_register() {
  const Op& op = *i_->op;
  const bool notes_carry = i_->sets_flags && live_ & kC;
  const Label nothing = a_.newLabel(), done = a_.newLabel(), in_range = a_.newLabel();
  load(ecx, op.rm);
  load(eax, op.rn);
  a_.movzx(ecx, cl);
  if (notes_carry) {
    a_.test(ecx, ecx);
    a_.jz(nothing);
  }
  if (i_->kind == kRor) {
    a_.ror(eax, cl);
    if (notes_carry) {
      a_.mov(ecx, eax);
      a_.shr(ecx, 31);
    }
  } else {
    // In 64 bits: the value below or above, so that the carry is the bit next to the result.
    const bool left = i_->kind == kLsl;
    if (!left) a_.shl(rax, 32);
    a_.cmp(ecx, 63);
    a_.jbe(in_range);
    a_.mov(ecx, 63);
    a_.bind(in_range);
    left ? a_.shl(rax, cl) : i_->kind == kLsr ? a_.shr(rax, cl) : a_.sar(rax, cl);
    if (notes_carry) {
      a_.mov(rcx, rax);
      a_.shr(rcx, left ? 32 : 31);
      a_.and_(ecx, 1);
    }
    if (!left) a_.shr(rax, 32);
  }
  if (notes_carry) a_.mov(at(cpu_.jit_state.slots[3]), ecx);
  store(op.rd, eax);
  a_.bind(done);
  if (!i_->sets_flags) return;
  if (notes_carry)
    // By nothing the carry stays what it was: the handler knows it.
    cold([this, nothing, done, i = *i_, rest = rest_, f = flags_] {
      a_.bind(nothing);
      call_handler(i, rest, f, false);
      a_.mov(eax, at(cpu_.c_flag));
      a_.mov(at(cpu_.jit_state.slots[3]), eax);
      a_.jmp(done);
    });
  else
    a_.bind(nothing);
  flags_.nz = reg_value(op.rd);
  flags_.c = notes_carry ? Value{Value::slot, 3} : Value{};
  flags_.c_bit = 0;
}

}  // namespace xedgesim::isa::arm::jit
