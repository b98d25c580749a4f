// Floating point on the host's scalar unit, with the interpreter's rule: nearest rounding without flush to
// zero, and whatever could differ from the guest (a NaN, the smallest normal number) again by the handler.
#include "isa/arm/jit/emitter.h"

namespace xedgesim::isa::arm::jit {

using namespace asmjit::x86;

void Emitter::need_fp(const Label& slow) {
  if (fp_known_) return;
  a_.cmp(at(cpu_.fp_mode), static_cast<int32_t>(Cpu::FpMode::host));
  a_.jne(slow);
  fp_known_ = true;
}

void Emitter::check_result(const Xmm& v, const Label& slow) {
  const Label doubtful = a_.newLabel(), fine = a_.newLabel();
  a_.movd(eax, v);
  // Twice the bits drop the sign: NaNs are above 0xFF000000, the smallest normal number is 0x01000000.
  a_.lea(ecx, ptr(rax, rax, 0, -0x01000001));
  a_.cmp(ecx, static_cast<int32_t>(0xFE000000));
  a_.ja(doubtful);
  a_.bind(fine);
  cold([this, doubtful, fine, slow] {
    a_.bind(doubtful);
    a_.cmp(ecx, -1);
    a_.je(slow);
    a_.cmp(ecx, static_cast<int32_t>(0xFEFFFFFE));
    a_.jb(slow);
    a_.jmp(fine);  // zero or denormal
  });
}

void Emitter::fp_negate(const Xmm& v) {
  a_.mov(eax, static_cast<int32_t>(0x80000000));
  a_.movd(xmm2, eax);
  a_.xorps(v, xmm2);
}

/// VMLA and its kin round twice: the product is a result of its own.
void Emitter::fp_accumulate(const Label& slow) {
  const Op& op = *i_->op;
  a_.movss(xmm1, single(op.rn));
  a_.mulss(xmm1, single(op.rm));
  check_result(xmm1, slow);
  if (i_->kind == kVnmls) {
    a_.movaps(xmm0, xmm1);
    a_.subss(xmm0, single(op.rd));
    return;
  }
  a_.movss(xmm0, single(op.rd));
  if (i_->kind == kVnmla) fp_negate(xmm0);
  i_->kind == kVmla ? a_.addss(xmm0, xmm1) : a_.subss(xmm0, xmm1);
}

void Emitter::fp_fused() {
  const Op& op = *i_->op;
  a_.movss(xmm0, single(op.rd));
  a_.movss(xmm1, single(op.rn));
  if (i_->kind == kVfma)
    a_.vfmadd231ss(xmm0, xmm1, single(op.rm));
  else if (i_->kind == kVfms)
    a_.vfnmadd231ss(xmm0, xmm1, single(op.rm));
  else if (i_->kind == kVfnma)
    a_.vfnmsub231ss(xmm0, xmm1, single(op.rm));
  else
    a_.vfmsub231ss(xmm0, xmm1, single(op.rm));
}

void Emitter::fp_arithmetic() {
  const Op& op = *i_->op;
  const Label slow = a_.newLabel(), done = a_.newLabel();
  need_fp(slow);
  switch (i_->kind) {
    case kVmla:
    case kVmls:
    case kVnmla:
    case kVnmls:
      fp_accumulate(slow);
      break;
    case kVmul:
    case kVnmul:
      a_.movss(xmm0, single(op.rn));
      a_.mulss(xmm0, single(op.rm));
      if (i_->kind == kVnmul) fp_negate(xmm0);
      break;
    case kVadd:
      a_.movss(xmm0, single(op.rn));
      a_.addss(xmm0, single(op.rm));
      break;
    case kVsub:
      a_.movss(xmm0, single(op.rn));
      a_.subss(xmm0, single(op.rm));
      break;
    case kVdiv:
      a_.movss(xmm0, single(op.rn));
      a_.divss(xmm0, single(op.rm));
      break;
    case kVsqrt:
      a_.sqrtss(xmm0, single(op.rm));
      break;
    default:
      fp_fused();
  }
  check_result(xmm0, slow);
  a_.movss(single(op.rd), xmm0);
  a_.bind(done);
  handler_at(slow, done, true);
}

void Emitter::fp_move() {
  const Op& op = *i_->op;
  const Label slow = a_.newLabel(), done = a_.newLabel();
  need_fp(slow);
  if (i_->group == Group::fp_immediate) {
    a_.mov(single(op.rd), static_cast<int32_t>(op.imm));
  } else {
    a_.mov(eax, single(op.rm));
    if (i_->kind == kVabs) a_.and_(eax, 0x7FFFFFFF);
    if (i_->kind == kVneg) a_.xor_(eax, static_cast<int32_t>(0x80000000));
    a_.mov(single(op.rd), eax);
  }
  a_.bind(done);
  handler_at(slow, done, true);
}

void Emitter::fp_compare() {
  const Op& op = *i_->op;
  const Label slow = a_.newLabel(), done = a_.newLabel();
  need_fp(slow);
  a_.movss(xmm0, single(op.rd));
  if (i_->kind) {
    a_.xorps(xmm1, xmm1);
    a_.ucomiss(xmm0, xmm1);
  } else {
    a_.ucomiss(xmm0, single(op.rm));
  }
  a_.jp(slow);
  a_.mov(eax, 0x20000000);
  a_.mov(ecx, static_cast<int32_t>(0x80000000));
  a_.cmovb(eax, ecx);
  a_.mov(ecx, 0x60000000);
  a_.cmove(eax, ecx);
  a_.mov(ecx, at(cpu_.fpscr));
  a_.and_(ecx, 0x0FFFFFFF);
  a_.or_(ecx, eax);
  a_.mov(at(cpu_.fpscr), ecx);
  a_.bind(done);
  handler_at(slow, done, true);
}

void Emitter::fp_convert() {
  const Op& op = *i_->op;
  const Label slow = a_.newLabel(), done = a_.newLabel();
  need_fp(slow);
  if (i_->kind == kFromInteger) {
    const bool is_signed = i_->shift & 1;
    a_.mov(eax, single(op.rm));
    a_.xorps(xmm0, xmm0);
    is_signed ? a_.cvtsi2ss(xmm0, eax) : a_.cvtsi2ss(xmm0, rax);
    a_.movss(single(op.rd), xmm0);
  } else {
    const bool is_signed = i_->shift & 2;
    if (is_signed) {
      a_.cvttss2si(eax, single(op.rm));
      a_.cmp(eax, static_cast<int32_t>(0x80000000));
      a_.je(slow);
    } else {
      a_.mov(eax, single(op.rm));
      a_.test(eax, eax);
      a_.js(slow);
      a_.cvttss2si(rax, single(op.rm));
      a_.mov(rcx, rax);
      a_.shr(rcx, 32);
      a_.jne(slow);
    }
    a_.mov(single(op.rd), eax);
  }
  a_.bind(done);
  handler_at(slow, done, true);
}

void Emitter::fp_transfer() {
  const Op& op = *i_->op;
  const Label slow = a_.newLabel(), done = a_.newLabel();
  need_fp(slow);
  const auto to_single = [&](unsigned s, unsigned r) { a_.mov(single(s), read(r, eax)); };
  const auto to_core = [&](unsigned r, unsigned s) {
    const Gp to = result(r, eax);
    a_.mov(to, single(s));
    finish(r, to);
  };
  switch (i_->kind) {
    case kToSingle:
      to_single(op.rn, op.rd);
      break;
    case kFromSingle:
      to_core(op.rd, op.rn);
      break;
    case kToTwoSingles:
      to_single(op.rn, op.rd);
      to_single(op.rn + 1u, op.ra);
      break;
    case kFromTwoSingles:
      to_core(op.rd, op.rn);
      to_core(op.ra, op.rn + 1u);
      break;
    default:  // VMRS to the APSR
      a_.mov(eax, at(cpu_.fpscr));
      a_.mov(at(cpu_.n_flag), eax);
      a_.mov(ecx, eax);
      a_.not_(ecx);
      a_.and_(ecx, 0x40000000);
      a_.mov(at(cpu_.z_flag), ecx);
      a_.mov(ecx, eax);
      a_.shr(ecx, 29);
      a_.and_(ecx, 1);
      a_.mov(at(cpu_.c_flag), ecx);
      a_.shl(eax, 3);
      a_.mov(at(cpu_.v_flag), eax);
      a_.mov(at(cpu_.jit_state.kind), 0);
  }
  a_.bind(done);
  handler_at(slow, done, true);
  if (i_->kind == kVmrs) {
    flags_ = Flags{};
    flags_.base = kFlagsDone;
  }
}

void Emitter::fp_access() {
  const Op& op = *i_->op;
  const unsigned kind = i_->kind & 7u;
  const bool loads = kind == kVldr || kind == kVldm || kind == kVldmdb;
  const Label slow = a_.newLabel(), outside = a_.newLabel(), loaded = a_.newLabel(), done = a_.newLabel();
  need_fp(slow);
  if (i_->immediate) {  // a literal of the image
    for (uint32_t n = 0; n < op.ra; ++n) {
      uint32_t v = 0;
      std::memcpy(&v, image_.data() + (op.imm - layout_.image_base) + 4 * n, 4);
      a_.mov(single(op.rd + n), static_cast<int32_t>(v));
    }
    a_.bind(done);
    return handler_at(slow, done, true);
  }
  address_of(op.rn, op.imm - layout_.ram_base);
  ram_offset(4u * op.ra, 4, outside);
  const auto words = [this, rd = op.rd, count = op.ra, loads](const Gp& base) {
    for (uint32_t n = 0; n < count; ++n) {
      const Mem m = dword_ptr(base, rax, 0, static_cast<int32_t>(4 * n));
      if (loads) {
        a_.movss(xmm0, m);
        a_.movss(single(rd + n), xmm0);
      } else {
        a_.movss(xmm0, single(rd + n));
        a_.movss(m, xmm0);
      }
    }
  };
  words(r14);
  a_.bind(loaded);
  const bool many = kind != kVldr && kind != kVstr;
  if (many && op.aux) {
    if (mapped(op.rn))
      a_.lea(host(op.rn), ptr(host(op.rn).r64(), op.aux));
    else
      a_.add(reg_memory(op.rn), op.aux);
  }
  a_.bind(done);
  handler_at(slow, done, true);
  cold([this, outside, slow, loaded, loads, words, count = op.ra] {
    a_.bind(outside);
    if (!loads || layout_.flash_wait) {
      a_.jmp(slow);
      return;
    }
    a_.add(eax, static_cast<int32_t>(layout_.ram_base - layout_.flash_base));
    check_range(layout_.flash_size, 4u * count, 4, slow);
    a_.mov(rcx, at(cpu_.jit_state.flash));
    words(rcx);
    a_.jmp(loaded);
  });
}

}  // namespace xedgesim::isa::arm::jit
