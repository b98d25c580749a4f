// Multiplication in host code: MUL to UMLAL and the DSP extension's halfword multiplies.
#include "isa/arm/jit/emitter.h"

namespace xedgesim::isa::arm::jit {

using namespace asmjit::x86;

void Emitter::set_q_on_overflow() {
  const Label overflow = a_.newLabel(), back = a_.newLabel();
  a_.jo(overflow);
  a_.bind(back);
  cold([this, overflow, back] {
    a_.bind(overflow);
    a_.mov(at(cpu_.q_flag), 1);
    a_.jmp(back);
  });
}

void Emitter::multiply() {
  const Op& op = *i_->op;
  const auto half = [&](const Gp& to, unsigned guest, bool top) {
    load(to, guest);
    if (top)
      a_.sar(to, 16);
    else
      a_.movsx(to, to.r16());
  };
  switch (i_->kind) {
    case kMul:
      load(eax, op.rn);
      with(Inst::kIdImul, eax, op.rm);
      store(op.rd, eax);
      if (i_->sets_flags) flags_.nz = reg_value(op.rd);
      break;
    case kMla:
      load(eax, op.rn);
      with(Inst::kIdImul, eax, op.rm);
      with(Inst::kIdAdd, eax, op.ra);
      store(op.rd, eax);
      break;
    case kMls:
      load(eax, op.rn);
      with(Inst::kIdImul, eax, op.rm);
      a_.mov(ecx, eax);
      load(eax, op.ra);
      a_.sub(eax, ecx);
      store(op.rd, eax);
      break;
    case kSmulxy:
    case kSmlaxy:
      half(eax, op.rn, i_->shift & 2);
      half(ecx, op.rm, i_->shift & 1);
      a_.imul(eax, ecx);
      if (i_->kind == kSmlaxy) {
        with(Inst::kIdAdd, eax, op.ra);
        set_q_on_overflow();
      }
      store(op.rd, eax);
      break;
    case kSmlad:
    case kSmuad:
      return dual_multiply();
    default:
      long_multiply();
  }
}

void Emitter::long_multiply() {
  const Op& op = *i_->op;
  load(eax, op.rn);
  load(ecx, op.rm);
  if (i_->kind == kSmull || i_->kind == kSmlal) {
    a_.movsxd(rax, eax);
    a_.movsxd(rcx, ecx);
  }
  a_.imul(rax, rcx);
  a_.mov(rcx, rax);
  a_.shr(rcx, 32);
  if (i_->kind == kSmull || i_->kind == kUmull) {
    store(op.rd, eax);
    store(op.ra, ecx);
    return;
  }
  if (mapped(op.rd))
    a_.add(host(op.rd), eax);
  else
    a_.add(reg_memory(op.rd), eax);
  if (mapped(op.ra))
    a_.adc(host(op.ra), ecx);
  else
    a_.adc(reg_memory(op.ra), ecx);
}

void Emitter::dual_multiply() {
  const Op& op = *i_->op;
  const Label slow = a_.newLabel(), done = a_.newLabel();
  const auto vector = [&](const Xmm& to, unsigned guest) {
    if (mapped(guest))
      a_.movd(to, host(guest));
    else
      a_.movd(to, reg_memory(guest));
  };
  vector(xmm0, op.rn);
  vector(xmm1, op.rm);
  if (i_->shift & 1) a_.pshuflw(xmm1, xmm1, 0xB1);
  a_.pmaddwd(xmm0, xmm1);
  a_.movd(eax, xmm0);
  // The one sum of products that does not fit.
  a_.cmp(eax, static_cast<int32_t>(0x80000000));
  a_.je(slow);
  if (i_->kind == kSmlad) {
    with(Inst::kIdAdd, eax, op.ra);
    set_q_on_overflow();
  }
  store(op.rd, eax);
  a_.bind(done);
  handler_at(slow, done);
}

}  // namespace xedgesim::isa::arm::jit
