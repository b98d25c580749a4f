// Data processing in host code.
#include <bit>

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
    if (shifted)
      a_.cmp(host(n), ecx);
    else if (i_->immediate)
      a_.cmp(host(n), static_cast<int32_t>(op.imm));
    else
      with(Inst::kIdCmp, host(n), op.rm);
    return finish_flags();
  }
  if (reversed) {
    if (i_->immediate)
      a_.mov(eax, static_cast<int32_t>(op.imm));
    else if (shifted)
      a_.mov(eax, ecx);
    else
      load(eax, op.rm);
    with(Inst::kIdSub, eax, n);
    store(op.rd, eax);
    return finish_flags();
  }
  const auto id = subtraction ? Inst::kIdSub : Inst::kIdAdd;
  // The address arithmetic of the host does what needs neither flags nor more than its form.
  if (!i_->sets_flags && !shifted && mapped(op.rd) && mapped(n) && op.rd != n) {
    if (i_->immediate) {
      const auto offset = static_cast<int32_t>(subtraction ? -op.imm : op.imm);
      a_.lea(host(op.rd), ptr(host(n).r64(), offset));
      return;
    }
    if (!subtraction && mapped(op.rm)) {
      a_.lea(host(op.rd), ptr(host(n).r64(), host(op.rm).r64()));
      return;
    }
  }
  const bool in_place = !compares && mapped(op.rd) && op.rd == n;
  const Gp to = in_place ? host(op.rd) : Gp(eax);
  if (!in_place) load(eax, n);
  if (shifted)
    a_.emit(id, to, ecx);
  else if (i_->immediate)
    a_.emit(id, to, asmjit::Imm(static_cast<int32_t>(op.imm)));
  else
    with(id, to, op.rm);
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

void Emitter::logic(unsigned kind) {
  const Op& op = *i_->op;
  const bool compares = kind >= kTst, shifted = i_->shift != Insn::kNoShift;
  const bool sets = i_->sets_flags;
  Value carry;
  int carry_bit = 0;
  if (sets && live_ & kC) {
    if (i_->carry_known) {
      carry = imm_value(op.ra);
    } else if (shifted) {
      const int n = i_->amount;
      switch (i_->shift) {
        case kLsl:
          carry_bit = 32 - n;
          break;
        case kAsr:
          carry_bit = n == 32 ? 31 : n - 1;
          break;
        case kRrx:
          carry_bit = 0;
          break;
        default:
          carry_bit = n - 1;
      }
      carry = reg_value(op.rm);
      if (!compares && op.rm == op.rd) carry = save(carry, 3);
    }
  }
  const bool moves = kind == kMov || kind == kMvn;
  Gp to = eax;
  bool host_flags_are_of_result = true;
  if (moves && !sets && kind == kMov && op.rd != 13) {
    // The plain copy.
    if (i_->immediate && op.imm == 0 && mapped(op.rd) && host_flags_ == HostFlags::none) {
      a_.mov(host(op.rd), 0);
    } else if (i_->immediate) {
      if (mapped(op.rd))
        a_.mov(host(op.rd), static_cast<int32_t>(op.imm));
      else
        a_.mov(reg_memory(op.rd), static_cast<int32_t>(op.imm));
    } else {
      to = result(op.rd, eax);
      operand(to);
      finish(op.rd, to);
    }
    return;
  }
  if (moves) {
    to = !compares && op.rd != 13 ? result(op.rd, eax) : Gp(eax);
    operand(to);
    if (kind == kMvn) a_.not_(to);
    host_flags_are_of_result = false;
  } else {
    const bool negated = kind == kBic || kind == kOrn;
    const auto id = kind == kOrr || kind == kOrn   ? Inst::kIdOr
                    : kind == kEor || kind == kTeq ? Inst::kIdXor
                                                   : Inst::kIdAnd;
    const bool in_place = !compares && mapped(op.rd) && op.rd == op.rn;
    to = in_place ? host(op.rd) : Gp(eax);
    if (i_->immediate) {
      const auto imm = static_cast<int32_t>(negated ? ~op.imm : op.imm);
      if (!in_place) load(eax, op.rn);
      a_.emit(id, to, asmjit::Imm(imm));
    } else {
      const bool plain = !shifted && !negated;
      if (!plain) {
        operand(ecx);
        if (negated) a_.not_(ecx);
      }
      if (!in_place) load(eax, op.rn);
      if (plain)
        with(id, to, op.rm);
      else
        a_.emit(id, to, ecx);
    }
  }
  if (sets) {
    Value value = compares ? Value{} : reg_value(op.rd);
    if (compares && live_ & kNz) {
      a_.mov(at(cpu_.jit_state.slots[2]), eax);
      value = {Value::slot, 2};
    }
    if (kind == kMov && i_->immediate) value = imm_value(op.imm);
    flags_.nz = value;
    if (carry.kind != Value::none) flags_.c = carry, flags_.c_bit = carry_bit;
    if (host_flags_are_of_result) host_flags_ = HostFlags::logic;
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

void Emitter::bits() {
  const Op& op = *i_->op;
  const unsigned lsb = static_cast<unsigned>(op.aux), width = static_cast<unsigned>(std::popcount(op.imm));
  switch (i_->kind) {
    case kUbfx:
      load(eax, op.rn);
      if (lsb) a_.shr(eax, lsb);
      if (lsb + width < 32) {
        if (width == 8)
          a_.movzx(eax, al);
        else if (width == 16)
          a_.movzx(eax, ax);
        else
          a_.and_(eax, static_cast<int32_t>(op.imm));
      }
      break;
    case kSbfx:
      load(eax, op.rn);
      if (lsb + width < 32) a_.shl(eax, 32 - lsb - width);
      if (width < 32) a_.sar(eax, 32 - width);
      break;
    case kBfi: {
      const uint32_t mask = op.imm << lsb;
      load(ecx, op.rn);
      if (lsb) a_.shl(ecx, lsb);
      a_.and_(ecx, static_cast<int32_t>(mask));
      load(eax, op.rd);
      a_.and_(eax, static_cast<int32_t>(~mask));
      a_.or_(eax, ecx);
      break;
    }
    default:
      load(eax, op.rd);
      a_.and_(eax, static_cast<int32_t>(~(op.imm << lsb)));
  }
  store(op.rd, eax);
}

void Emitter::reversal() {
  const Op& op = *i_->op;
  load(eax, op.rm);
  switch (i_->kind) {
    case kClz: {
      // bsr leaves its target alone for zero: 63 ^ 31 gives 32.
      a_.mov(ecx, 63);
      a_.bsr(eax, eax);
      a_.cmovz(eax, ecx);
      a_.xor_(eax, 31);
      break;
    }
    case kRev:
      a_.bswap(eax);
      break;
    case kRev16:
      a_.bswap(eax);
      a_.rol(eax, 16);
      break;
    default:  // REVSH
      a_.bswap(eax);
      a_.sar(eax, 16);
  }
  store(op.rd, eax);
}

void Emitter::pack() {
  const Op& op = *i_->op;
  load(eax, op.rn);
  load(ecx, op.rm);
  if (i_->kind) {  // PKHTB
    a_.sar(ecx, op.imm == 32 ? 31 : op.imm);
    a_.movzx(ecx, cx);
    a_.and_(eax, static_cast<int32_t>(0xFFFF0000));
  } else {
    if (op.imm) a_.shl(ecx, op.imm);
    a_.and_(ecx, static_cast<int32_t>(0xFFFF0000));
    a_.movzx(eax, ax);
  }
  a_.or_(eax, ecx);
  store(op.rd, eax);
}

void Emitter::extension() {
  const Op& op = *i_->op;
  load(eax, op.rm);
  if (op.aux) a_.ror(eax, op.aux);
  switch (i_->kind) {
    case kSxth:
      a_.movsx(eax, ax);
      break;
    case kUxth:
      a_.movzx(eax, ax);
      break;
    case kSxtb:
      a_.movsx(eax, al);
      break;
    case kUxtb:
      a_.movzx(eax, al);
      break;
    case kUxtb16:
      a_.and_(eax, 0x00FF00FF);
      break;
    default:  // SXTB16
      a_.movsx(ecx, al);
      a_.movzx(ecx, cx);
      a_.shr(eax, 16);
      a_.movsx(eax, al);
      a_.shl(eax, 16);
      a_.or_(eax, ecx);
  }
  if (i_->row->form == extend_and_add) with(Inst::kIdAdd, eax, op.rn);
  store(op.rd, eax);
}

}  // namespace xedgesim::isa::arm::jit
