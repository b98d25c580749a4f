// Blocks, how they follow each other, and how code leaves.
#include "isa/arm/jit/emitter.h"

namespace xedgesim::isa::arm::jit {

using namespace asmjit::x86;

void Emitter::leave_at(uint32_t address) {
  a_.mov(ecx, static_cast<int32_t>(index_of(address)));
  a_.jmp(cache_.thunks().leave);
}

void Emitter::table_jump_to(uint32_t address) {
  if (address - layout_.image_base >= layout_.image_size) return leave_at(address);
  const uint32_t index = index_of(address);
  a_.mov(ecx, static_cast<int32_t>(index));
  a_.jmp(ptr_abs(cache_.table_address(index), 8));
}

/// Goes on at `target`, charged with `extra_cycles`; `rest` of this block is given back.
void Emitter::edge(uint32_t target, unsigned extra_cycles, int32_t rest, bool follows) {
  const int32_t own = static_cast<int32_t>(extra_cycles << 16) - rest;
  for (size_t k = 0; k < unit_.blocks.size(); ++k) {
    const Block& b = unit_.blocks[k];
    if (b.start != target) continue;
    if (!b.flags_dead) store_record(flags_);
    const Label late = a_.newLabel();
    a_.add(r15, own + b.cost);
    if (follows) {
      a_.jns(late);
    } else {
      a_.js(bodies_[k]);
      a_.jmp(late);
    }
    cold([this, late, target, f = flags_, cost = b.cost, dead = b.flags_dead] {
      a_.bind(late);
      if (dead) store_record(f);
      a_.sub(r15, cost);
      leave_at(target);
    });
    return;
  }
  store_record(flags_);
  if (own) a_.add(r15, own);
  table_jump_to(target);
}

/// To the address with Thumb bit in eax. The record is stored.
void Emitter::indirect(unsigned extra_cycles, int32_t rest, bool exchange_only) {
  const Label slow = a_.newLabel();
  a_.lea(ecx, ptr(rax, static_cast<int32_t>(-(layout_.image_base + 1))));
  a_.ror(ecx, 1);  // an even address becomes a large number
  a_.cmp(ecx, static_cast<int32_t>(layout_.image_size / 2));
  a_.jae(slow);
  if (const int32_t own = static_cast<int32_t>(extra_cycles << 16) - rest) a_.add(r15, own);
  a_.jmp(ptr_abs(cache_.table_address(0), rcx, 3, 8));
  cold([this, slow, rest, exchange_only] {
    a_.bind(slow);
    if (rest) a_.sub(r15, rest);
    a_.mov(ecx, exchange_only ? 1 : 0);
    a_.jmp(cache_.thunks().branch);
  });
}

void Emitter::call_handler(const Insn& i, int32_t rest, const Flags& f, bool fp) {
  store_record(f);
  const auto& s = cpu_.jit_state;
  if (i.it) {
    a_.mov(at(s.it_now), i.it);
    a_.mov(at(s.it_after), i.it & 7 ? (i.it & 0xE0) | (i.it << 1 & 0x1F) : 0);
  }
  if (i.group == Group::call && i.row && i.row->form == if_then)
    a_.mov(at(s.block_length), static_cast<int32_t>((i.next - i.address) / 2));
  a_.mov(rax, reinterpret_cast<uint64_t>(i.op));
  a_.mov(ecx, rest);
  a_.call(fp ? cache_.thunks().call_fp : cache_.thunks().call);
}

void Emitter::handler_at(const Label& from, const Label& after, bool fp) {
  cold([this, from, after, fp, i = *i_, rest = rest_, f = flags_] {
    a_.bind(from);
    call_handler(i, rest, f, fp);
    a_.jmp(after);
  });
}

void Emitter::jump_if() {
  const Label skip = a_.newLabel();
  a_.j(negateCond(condition(i_->kind)), skip);
  edge(i_->target, i_->op->ra, rest_);
  a_.bind(skip);
  host_flags_ = last_host_flags_;  // still there when they were what was asked
}

void Emitter::compare_jump() {
  const Label skip = a_.newLabel();
  if (mapped(i_->op->rn))
    a_.test(host(i_->op->rn), host(i_->op->rn));
  else
    a_.cmp(reg_memory(i_->op->rn), 0);
  a_.j(i_->kind ? CondCode::kE : CondCode::kNE, skip);
  edge(i_->target, i_->op->ra, rest_);
  a_.bind(skip);
}

void Emitter::jump_register() {
  store_record(flags_);
  load(eax, i_->op->rm);
  if (i_->kind) a_.mov(host(14), static_cast<int32_t>(i_->op->imm));
  indirect(layout_.refill + layout_.flash_wait, rest_, i_->kind != 0);
}

void Emitter::table_branch() {
  const Op& op = *i_->op;
  const unsigned width = i_->kind ? 2 : 1;
  const Label outside = a_.newLabel(), done = a_.newLabel();
  load(eax, op.rm);
  if (width == 2) a_.add(eax, eax);
  a_.add(eax, static_cast<int32_t>(op.imm - layout_.flash_base));
  check_range(layout_.flash_size, width, width, outside);
  a_.mov(rcx, at(cpu_.jit_state.flash));
  Mem entry = ptr(rcx, rax);
  entry.setSize(width);
  a_.movzx(eax, entry);
  a_.add(eax, static_cast<int32_t>(index_of(op.imm)));
  a_.cmp(eax, static_cast<int32_t>(layout_.image_size / 2));
  a_.jae(outside);
  store_record(flags_, ecx);
  a_.mov(ecx, eax);
  a_.add(r15, static_cast<int32_t>((layout_.refill + 2 * layout_.flash_wait) << 16) - rest_);
  a_.jmp(ptr_abs(cache_.table_address(0), rcx, 3, 8));
  a_.bind(done);
  handler_at(outside, done);
}

void Emitter::emit_block(size_t index) {
  const Block& b = unit_.blocks[index];
  flags_ = Flags{};
  host_flags_ = HostFlags::none;
  fp_known_ = false;
  for (size_t k = 0; k < b.insns.size();) {
    if (b.insns[k].group == Group::if_then) {
      k = emit_it(b, k);
    } else {
      emit_insn(b, k);
      ++k;
    }
  }
  const Group last = b.insns.back().group;
  if (b.insns.back().ends && (last == Group::jump || last == Group::call_near)) return;
  // What a handler left may go on right behind, too.
  const bool follows = index + 1 < unit_.blocks.size() && unit_.blocks[index + 1].start == b.next;
  edge(b.next, 0, 0, follows);
}

/// The condition is asked once; each side gives back what the other would have cost beyond being skipped.
size_t Emitter::emit_it(const Block& b, size_t k) {
  const unsigned first = b.insns[k].op->imm >> 4;
  size_t middle = k + 1, end;
  while (middle < b.insns.size() && b.insns[middle].it && b.insns[middle].condition() == first) ++middle;
  end = middle;
  // The next IT block begins with an instruction of its own.
  while (end < b.insns.size() && b.insns[end].it) ++end;
  uint16_t registers = 0;
  int32_t back[2] = {0, 0};
  for (size_t m = k + 1; m < end; ++m) {
    registers |= written(b.insns[m]);
    back[m >= middle] += static_cast<int32_t>(b.insns[m].op->cycles + b.insns[m].extra_cycles - 1) << 16;
  }
  last_host_flags_ = host_flags_;
  save_clobbered(registers, b.live[end - 1]);
  const Label otherwise = a_.newLabel(), done = a_.newLabel();
  const bool fp_before = fp_known_;
  if (first != 14) a_.j(negateCond(condition(first)), otherwise);
  const auto side = [&](size_t from, size_t to, int32_t give_back) {
    for (size_t m = from; m < to; ++m) emit_insn(b, m);
    if (give_back) a_.sub(r15, give_back);
    if (first != 14) fp_known_ = fp_before;
  };
  side(k + 1, middle, back[1]);
  if (middle != end || back[0]) a_.jmp(done);
  a_.bind(otherwise);
  if (back[0] && first != 14) a_.sub(r15, back[0]);
  if (middle != end) side(middle, end, 0);
  a_.bind(done);
  host_flags_ = HostFlags::none;
  return end;
}

void Emitter::call_interpreter() {
  call_handler(*i_, rest_, flags_, false);
  flags_ = Flags{};
  flags_.base = kFlagsDone;
}

void Emitter::jump() { edge(i_->target, i_->op->ra, rest_); }

void Emitter::call_near() {
  a_.mov(host(14), static_cast<int32_t>(i_->op->imm));
  jump();
}

void Emitter::emit_insn(const Block& b, size_t k) {
  using G = Group;
  using E = Emitter;
  struct Row {
    Group group;
    void (Emitter::*emit)();
  };
  static constexpr Row kRows[] = {{G::call, &E::call_interpreter},
                                  {G::nothing, &E::keep_host_flags},
                                  {G::alu, &E::alu},
                                  {G::shift_by_register, &E::shift_by_register},
                                  {G::move_top, &E::move_top},
                                  {G::bits, &E::bits},
                                  {G::reversal, &E::reversal},
                                  {G::pack, &E::pack},
                                  {G::extend, &E::extension},
                                  {G::multiply, &E::multiply},
                                  {G::access, &E::access},
                                  {G::multiple, &E::multiple},
                                  {G::pair, &E::pair},
                                  {G::jump, &E::jump},
                                  {G::jump_if, &E::jump_if},
                                  {G::call_near, &E::call_near},
                                  {G::compare_jump, &E::compare_jump},
                                  {G::jump_register, &E::jump_register},
                                  {G::table_jump, &E::table_branch},
                                  {G::if_then, &E::keep_host_flags},
                                  {G::fp_arithmetic, &E::fp_arithmetic},
                                  {G::fp_move, &E::fp_move},
                                  {G::fp_immediate, &E::fp_move},
                                  {G::fp_compare, &E::fp_compare},
                                  {G::fp_convert, &E::fp_convert},
                                  {G::fp_transfer, &E::fp_transfer},
                                  {G::fp_access, &E::fp_access}};
  static_assert(
      [] {
        for (size_t i = 0; i < std::size(kRows); ++i)
          if (static_cast<size_t>(kRows[i].group) != i) return false;
        return std::size(kRows) == static_cast<size_t>(Group::fp_access) + 1;
      }(),
      "a row for each group, in their order");
  const Insn& i = b.insns[k];
  i_ = &i;
  rest_ = b.rest[k];
  live_ = b.live[k];
  last_host_flags_ = i.it ? HostFlags::none : host_flags_;
  host_flags_ = HostFlags::none;
  if (!i.it) save_clobbered(written(i), live_ & ~i.writes);
  (this->*kRows[static_cast<size_t>(i.group)].emit)();
}

}  // namespace xedgesim::isa::arm::jit
