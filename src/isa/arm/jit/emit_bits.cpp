// Bit fields, reversals, packing and extension in host code.
#include <bit>

#include "isa/arm/jit/emitter.h"

namespace xedgesim::isa::arm::jit {

using namespace asmjit::x86;

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

void Emitter::move_top() {
  load(eax, i_->op->rd);
  a_.movzx(eax, ax);
  a_.or_(eax, static_cast<int32_t>(i_->op->imm));
  store(i_->op->rd, eax);
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
