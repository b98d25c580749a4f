// Loads and stores in host code: the main RAM directly after one comparison for range and alignment, the
// flash behind it, all else by the handler.
#include <bit>

#include "isa/arm/jit/emitter.h"

namespace xedgesim::isa::arm::jit {

using namespace asmjit::x86;

namespace {

constexpr bool is_load(unsigned access) { return access >= kLdr; }
constexpr unsigned width_of(unsigned access) {
  return access == kStr || access == kLdr                         ? 4
         : access == kStrh || access == kLdrh || access == kLdrsh ? 2
                                                                  : 1;
}

}  // namespace

/// eax = guest register + offset.
void Emitter::address_of(unsigned base, uint32_t offset) {
  if (mapped(base)) {
    a_.lea(eax, ptr(host(base).r64(), static_cast<int32_t>(offset)));
  } else {
    a_.mov(eax, reg_memory(base));
    if (offset) a_.add(eax, static_cast<int32_t>(offset));
  }
}

/// To `outside` unless `bytes` from offset eax, a multiple of `width`, lie in a memory of `size`.
void Emitter::check_range(uint32_t size, uint32_t bytes, unsigned width, const Label& outside) {
  // Rotated, low bits that should be zero make the number too large.
  const unsigned shift = static_cast<unsigned>(std::countr_zero(width));
  if (shift == 0) {
    a_.cmp(eax, static_cast<int32_t>(size - bytes));
  } else {
    if (has_bmi2_) {
      a_.rorx(ecx, eax, shift);
    } else {
      a_.mov(ecx, eax);
      a_.ror(ecx, shift);
    }
    a_.cmp(ecx, static_cast<int32_t>((size - bytes) >> shift));
  }
  a_.ja(outside);
}

void Emitter::ram_offset(uint32_t bytes, unsigned width, const Label& outside) {
  check_range(layout_.ram_size, bytes, width, outside);
}

void Emitter::load_word(const Gp& to, const Mem& from, unsigned access) {
  Mem m = from;
  m.setSize(width_of(access));
  switch (access) {
    case kLdr:
      a_.mov(to, m);
      break;
    case kLdrh:
    case kLdrb:
      a_.movzx(to, m);
      break;
    default:
      a_.movsx(to, m);
  }
}

void Emitter::literal() {
  const Op& op = *i_->op;
  const uint32_t offset = op.imm - layout_.image_base;
  uint32_t v = 0;
  std::memcpy(&v, image_.data() + offset, width_of(i_->kind));
  if (i_->kind == kLdrsh) v = static_cast<uint32_t>(static_cast<int16_t>(v));
  if (i_->kind == kLdrsb) v = static_cast<uint32_t>(static_cast<int8_t>(v));
  if (mapped(op.rd))
    a_.mov(host(op.rd), static_cast<int32_t>(v));
  else
    a_.mov(reg_memory(op.rd), static_cast<int32_t>(v));
  host_flags_ = last_host_flags_;
}

/// Write-back. LEA, because flags may be in the host's.
void Emitter::move_base(unsigned guest, int32_t step) {
  if (mapped(guest))
    a_.lea(host(guest), ptr(host(guest).r64(), step));
  else
    a_.add(reg_memory(guest), step);
}

void Emitter::access() {
  if (i_->immediate) return literal();
  const Op& op = *i_->op;
  const unsigned kind = i_->kind, width = width_of(kind);
  const bool loads = is_load(kind);
  const bool indexed = i_->row->form == access_immediate_8;
  const bool pre = i_->raw >> 10 & 1, write_back = indexed && i_->raw >> 8 & 1;
  const bool by_register = i_->row->form == access_register;
  const Label outside = a_.newLabel(), loaded = a_.newLabel(), done = a_.newLabel();
  const uint32_t bias = -layout_.ram_base;
  if (by_register) {
    if (mapped(op.rn) && mapped(op.rm)) {
      a_.lea(eax, ptr(host(op.rn).r64(), host(op.rm).r64(), op.imm, static_cast<int32_t>(bias)));
    } else {
      load(eax, op.rm);
      if (op.imm) a_.shl(eax, op.imm);
      with(Inst::kIdAdd, eax, op.rn);
      a_.add(eax, static_cast<int32_t>(bias));
    }
  } else {
    const uint32_t offset = write_back && !pre ? 0 : op.imm;
    address_of(op.rn, offset + bias);
  }
  ram_offset(width, width, outside);
  const Mem in_ram = ptr(r14, rax);
  const Gp to = loads ? result(op.rd, ecx) : Gp(ecx);
  if (loads) {
    load_word(to, in_ram, kind);
  } else {
    Gp value = read(op.rd, ecx);
    Mem m = in_ram;
    m.setSize(width);
    a_.mov(m, width == 4 ? value : width == 2 ? Gp(value.r16()) : Gp(value.r8()));
  }
  a_.bind(loaded);
  if (loads) finish(op.rd, to);
  if (write_back) move_base(op.rn, static_cast<int32_t>(op.imm));
  a_.bind(done);
  if (!loads || layout_.flash_wait != 0) return handler_at(outside, done);
  const Label slow = a_.newLabel();
  cold([this, outside, slow, loaded, kind, width, to] {
    a_.bind(outside);
    a_.add(eax, static_cast<int32_t>(layout_.ram_base - layout_.flash_base));
    check_range(layout_.flash_size, width, width, slow);
    a_.mov(rcx, at(cpu_.jit_state.flash));
    load_word(to, ptr(rcx, rax), kind);
    a_.jmp(loaded);
  });
  handler_at(slow, done);
}

void Emitter::multiple() {
  const Op& op = *i_->op;
  const unsigned kind = i_->kind;
  const uint32_t list = op.imm, bytes = 4 * static_cast<uint32_t>(std::popcount(list)),
                 base_bit = 1u << op.rn;
  const bool load = kind == kLdm || kind == kLdmdb || kind == kLdm16 || kind == kPop;
  const bool before = kind == kStmdb || kind == kLdmdb || kind == kPush;
  bool write_back = i_->raw >> 21 & 1;
  if (kind == kPush || kind == kPop || kind == kStm16) write_back = true;
  if (kind == kLdm16) write_back = !(list & base_bit);
  const Label outside = a_.newLabel(), done = a_.newLabel();
  address_of(op.rn, (before ? -bytes : 0) - layout_.ram_base);
  ram_offset(bytes, 4, outside);
  int32_t offset = 0;
  const auto word = [&](int32_t o) { return dword_ptr(r14, rax, 0, o); };
  for (unsigned n = 0; n < 15; ++n) {
    if (!(list >> n & 1)) continue;
    if (load) {
      const Gp to = result(n, ecx);
      a_.mov(to, word(offset));
      finish(n, to);
    } else {
      a_.mov(word(offset), read(n, ecx));
    }
    offset += 4;
  }
  if (load && list & 0x8000) a_.mov(eax, word(offset));
  if (write_back) {
    const auto step = static_cast<int32_t>(before ? -bytes : bytes);
    move_base(op.rn, step);
  }
  if (load && list & 0x8000) {
    store_record(flags_, ecx);
    indirect(layout_.refill + layout_.flash_wait, rest_, false);
  }
  a_.bind(done);
  handler_at(outside, done);
}

void Emitter::pair() {
  const Op& op = *i_->op;
  const bool load = i_->kind & 1, post = i_->kind & 4;
  const bool write_back = post || (i_->raw >> 21 & 1);
  const Label outside = a_.newLabel(), done = a_.newLabel();
  address_of(op.rn, (post ? 0 : op.imm) - layout_.ram_base);
  ram_offset(8, 4, outside);
  const Mem first = dword_ptr(r14, rax), second = dword_ptr(r14, rax, 0, 4);
  if (load) {
    // Both before either register changes: one of them may be the base of nothing else.
    const Gp a = result(op.rd, ecx);
    a_.mov(a, first);
    finish(op.rd, a);
    const Gp b = result(op.ra, ecx);
    a_.mov(b, second);
    finish(op.ra, b);
  } else {
    a_.mov(first, read(op.rd, ecx));
    a_.mov(second, read(op.ra, ecx));
  }
  if (write_back) move_base(op.rn, static_cast<int32_t>(op.imm));
  a_.bind(done);
  handler_at(outside, done);
}

}  // namespace xedgesim::isa::arm::jit
