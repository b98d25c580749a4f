// Which instructions one translation takes, and what is known of them before code is made.
#include "isa/arm/jit/program.h"

#include <bit>
#include <set>

#include "isa/arm/cpu.h"

namespace xedgesim::isa::arm::jit {
namespace {

constexpr size_t kMaxInsns = 500, kMaxBlock = 80;

constexpr bool is_arithmetic(unsigned a) { return (a >= kAdd && a <= kRsb) || a >= kCmp; }

Handler undefined_handler() {
  static const Handler handler = [] {
    Site unallocated;
    unallocated.raw = 0xB800;
    return decode(unallocated).handler;
  }();
  return handler;
}

/// DecodeImmShift (A7.4.2).
void set_shift(Insn& i, unsigned type, unsigned amount) {
  i.shift = static_cast<uint8_t>(type);
  i.amount = static_cast<uint8_t>(amount);
  if (amount != 0) return;
  if (type == kLsl)
    i.shift = Insn::kNoShift;
  else if (type == kRor)
    i.shift = kRrx;
  else
    i.amount = 32;
}

void set_alu_flags(Insn& i) {
  i.sets_flags |= i.kind >= kTst;
  if (i.kind == kAdc || i.kind == kSbc || i.shift == kRrx) i.reads |= kC;
  if (!i.sets_flags) return;
  const bool shifter_carry = i.shift != Insn::kNoShift || i.carry_known;
  i.writes = static_cast<uint8_t>(is_arithmetic(i.kind) ? +kAllFlags : shifter_carry ? kNz | kC : +kNz);
}

void as_alu(Insn& i, unsigned kind, bool sets, bool immediate) {
  i.group = Group::alu;
  i.kind = static_cast<uint8_t>(kind);
  i.sets_flags = sets;
  i.immediate = immediate;
  set_alu_flags(i);
  // Writes to the SP keep its low bits clear: with flags that is the handler's.
  if (i.op->rd == 13 && i.kind < kTst && i.sets_flags) i.group = Group::call;
}

void classify_data(Insn& i, const Fields& f, const Layout& layout) {
  const auto form = i.row->form;
  const unsigned kind = i.row->kind & kKindMask;
  const bool wide = i.row->picture.wide, outside_it = !i.it;
  if (form == alu_immediate) {
    i.carry_known = f['i'] >> 10 != 0 && !is_arithmetic(kind);
    as_alu(i, kind, f['s'], true);
  } else if (form == alu_plain_immediate || form == alu_sp_immediate) {
    as_alu(i, kind, false, true);
  } else if (form == alu_immediate_16) {
    as_alu(i, kind, outside_it, true);
  } else if (form == alu_register_16 || form == alu_three_registers_16) {
    as_alu(i, kind, outside_it, false);
  } else if (form == alu_register) {
    set_shift(i, f['y'], f['i']);
    as_alu(i, kind, f['s'], false);
  } else if (form == alu_high_registers) {
    if (i.op->rd == 15) return;
    as_alu(i, kind, false, i.op->rm == 15);
  } else if (form == negate_16) {
    as_alu(i, kRsb, outside_it, true);
  } else if (form == shift_immediate) {
    if (kind == kRrx)
      i.shift = kRrx;
    else
      set_shift(i, kind, f['i']);
    as_alu(i, kMov, wide ? f['s'] : outside_it, false);
  } else if (form == address_of_label || (form == move_wide && kind == 0)) {
    as_alu(i, kMov, false, true);
  } else if (form == move_wide) {
    i.group = Group::move_top;
  } else if (form == shift_register) {
    i.group = Group::shift_by_register;
    i.kind = kind & 3;
    i.sets_flags = wide ? f['s'] : outside_it;
    if (i.sets_flags) i.writes = kNz | kC, i.reads = kC;
  } else if (form == bit_field) {
    i.group = Group::bits;
    i.kind = static_cast<uint8_t>(kind);
  } else if (form == bit_operation) {
    if (kind != kRbit) i.group = Group::reversal;
    i.kind = static_cast<uint8_t>(kind);
  } else if (form == pack_halfword) {
    i.group = Group::pack;
    i.kind = static_cast<uint8_t>(f['b']);
  } else if (form == extend || form == extend_and_add) {
    if (form == extend_and_add && (kind == kSxtb16 || kind == kUxtb16)) return;
    i.group = Group::extend;
    i.kind = static_cast<uint8_t>(kind);
  } else if (form == multiply_16) {
    i.group = Group::multiply;
    i.kind = kMul;
    i.sets_flags = outside_it;
    if (outside_it) i.writes = kNz;
  } else if (form == multiply) {
    i.kind = static_cast<uint8_t>(kind);
    switch (kind) {
      case kMul:
      case kMla:
      case kMls:
      case kSmull:
      case kUmull:
      case kSmlal:
      case kUmlal:
      case kSmulxy:
      case kSmlaxy:
        i.group = Group::multiply;
        break;
      case kSmlad:
      case kSmuad:
        i.group = Group::multiply;
        i.exits = true;
        break;
      default:
        break;
    }
    i.shift = static_cast<uint8_t>(f['x'] << 1 | f['y']);
  }
  (void)layout;
}

void classify_memory(Insn& i, const Fields& f, const Layout& layout) {
  const auto form = i.row->form;
  const unsigned kind = i.row->kind;
  const bool literal = form == load_literal;
  if (literal || form == access_immediate_16 || form == access_sp_16 || form == access_immediate_12 ||
      form == access_register || form == access_immediate_8) {
    i.exits = true;
    i.kind = static_cast<uint8_t>(kind);
    if (i.op->rd == 15) {
      i.ends = true;
      return;
    }
    if (kind == kLdr && i.op->rd == 13) return;
    if (literal) {
      const unsigned width = kind == kLdr ? 4 : kind == kLdrh || kind == kLdrsh ? 2 : 1;
      const uint32_t offset = i.op->imm - layout.image_base;
      if (offset >= layout.image_size || layout.image_size - offset < 4 || i.op->imm % width != 0) return;
      i.immediate = true;
      i.exits = false;
      i.extra_cycles = layout.flash_wait;
    }
    i.group = Group::access;
  } else if (form == access_multiple) {
    i.group = Group::multiple;
    i.exits = true;
    i.ends = (i.op->imm & 0x8000) != 0;
    i.kind = static_cast<uint8_t>(kind);
    if (i.op->imm & 1u << 13) i.group = Group::call;
  } else if (form == access_pair) {
    i.exits = true;
    i.kind = static_cast<uint8_t>(kind);
    const bool loads = kind & 1 || (kind & 3) == 2;
    if ((kind & 3) == 2 || (loads && (i.op->rd == 13 || i.op->ra == 13))) return;
    i.group = Group::pair;
  }
  (void)f;
}

void classify_branch(Insn& i, const Fields& f, const Layout& layout) {
  const auto form = i.row->form;
  const unsigned kind = i.row->kind;
  if (form == branch) {
    i.exits = true;
    i.target = i.op->imm;
    if (kind == 1 || kind == 3) {
      i.group = Group::jump_if;
      i.kind = static_cast<uint8_t>(f['c']);
      i.reads = kAllFlags;
    } else {
      i.group = Group::jump;
      i.ends = true;
    }
  } else if (form == branch_link) {
    i.exits = i.ends = true;
    i.target = i.address + static_cast<uint32_t>(i.op->aux / static_cast<int32_t>(sizeof(Op))) * 2;
    const bool near = i.op->imm == ((i.address + 4) | 1);
    if (near && i.target - layout.image_base < layout.image_size) i.group = Group::call_near;
  } else if (form == compare_branch) {
    i.exits = true;
    i.group = Group::compare_jump;
    i.kind = static_cast<uint8_t>(kind);
    i.target = i.op->imm;
  } else if (form == branch_register) {
    i.exits = i.ends = true;
    i.kind = static_cast<uint8_t>(kind);
    if (i.op->rm != 15 && !(kind && i.op->rm == 14)) i.group = Group::jump_register;
  } else if (form == table_branch) {
    i.exits = i.ends = true;
    i.kind = static_cast<uint8_t>(kind);
    if (i.op->rn == 15) i.group = Group::table_jump;
  } else if (form == if_then) {
    i.group = Group::if_then;
    i.reads = kAllFlags;
  }
}

void classify_fp(Insn& i, const Fields& f, const Layout& layout) {
  const auto form = i.row->form;
  const unsigned kind = i.row->kind;
  i.exits = true;
  i.kind = static_cast<uint8_t>(kind);
  if (form == fp_arithmetic) {
    const bool fused = kind >= kVfma && kind <= kVfnms;
    if (!fused || __builtin_cpu_supports("fma")) i.group = Group::fp_arithmetic;
  } else if (form == fp_move) {
    i.group = Group::fp_move;
  } else if (form == fp_immediate) {
    i.group = Group::fp_immediate;
  } else if (form == fp_compare) {
    i.group = Group::fp_compare;
  } else if (form == fp_convert) {
    i.shift = static_cast<uint8_t>(f['x'] << 1 | f['y']);
    if (kind == kFromInteger || (kind == kToInteger && f['y'])) i.group = Group::fp_convert;
  } else if (form == fp_transfer) {
    if (kind == kToScalar || kind == kFromScalar)
      i.kind = static_cast<uint8_t>(kind == kToScalar ? kToSingle : kFromSingle);
    if (kind == kToDouble || kind == kFromDouble)
      i.kind = static_cast<uint8_t>(kind == kToDouble ? kToTwoSingles : kFromTwoSingles);
    if (i.kind <= kFromTwoSingles) i.group = Group::fp_transfer;
    if (kind == kVmrs && i.op->rd == 15) {
      i.group = Group::fp_transfer;
      i.writes = kAllFlags;
    }
    const bool to_core = i.kind == kFromSingle || i.kind == kFromTwoSingles;
    if (to_core && (i.op->rd == 13 || (i.kind == kFromTwoSingles && i.op->ra == 13))) i.group = Group::call;
  } else if (form == fp_access) {
    if (i.op->rn == 15) {
      const uint32_t offset = i.op->imm - layout.image_base;
      if (offset >= layout.image_size || layout.image_size - offset < 8 || i.op->imm % 4 != 0) return;
      i.immediate = true;
      i.extra_cycles = layout.flash_wait * i.op->ra;
    }
    i.group = Group::fp_access;
  }
}

void classify(Insn& i, const Layout& layout) {
  i.shift = Insn::kNoShift;
  if (!i.row || i.op->handler == undefined_handler()) {
    i.exits = i.ends = true;
    return;
  }
  const Fields f(i.row->picture, i.raw);
  const auto form = i.row->form;
  if (form == system_operation) {
    if (i.row->kind == kNop || i.row->kind == kBarrier) {
      i.group = Group::nothing;
      return;
    }
    i.exits = true;
    i.ends = i.row->kind == kUdf;
    return;
  }
  if (form == supervisor_call || form == breakpoint) {
    i.exits = i.ends = true;
    return;
  }
  if (form == fp_arithmetic || form == fp_move || form == fp_immediate || form == fp_compare ||
      form == fp_convert || form == fp_transfer || form == fp_access) {
    classify_fp(i, f, layout);
  } else {
    classify_data(i, f, layout);
    if (i.group == Group::call) classify_memory(i, f, layout);
    if (i.group == Group::call && !i.exits) classify_branch(i, f, layout);
  }
  const bool touches_memory = i.group == Group::access || i.group == Group::multiple ||
                              i.group == Group::pair || i.group == Group::fp_access;
  if (layout.checked && touches_memory && !i.immediate) i.group = Group::call;
  if (i.group == Group::call) i.exits = true;
}

class Explorer {
 public:
  Explorer(const Layout& layout, const Op* ops, std::span<const uint8_t> image)
      : layout_(layout), ops_(ops), image_(image) {}

  Unit explore(uint32_t entry) {
    lead(entry);
    while (!pending_.empty() && insns_.size() < kMaxInsns) {
      const uint32_t start = pending_.back();
      pending_.pop_back();
      follow(start);
    }
    return blocks();
  }

 private:
  bool inside(uint32_t address) const { return address - layout_.image_base < layout_.image_size; }

  void lead(uint32_t address) {
    if (inside(address) && leaders_.insert(address).second) pending_.push_back(address);
  }

  uint32_t halfword(uint32_t address) const {
    const uint32_t offset = address - layout_.image_base;
    return offset + 1 < image_.size() ? image_[offset] | image_[offset + 1] << 8 : 0u;
  }

  /// Null when half of the instruction is outside.
  bool read(uint32_t address, uint8_t it, Insn& i) const {
    if (!inside(address) || layout_.image_size - (address - layout_.image_base) < 4) return false;
    i.address = address;
    i.it = it;
    i.op = ops_ + (address - layout_.image_base) / 2;
    const bool wide = i.op->advance != sizeof(Op);
    i.raw = wide ? halfword(address) << 16 | halfword(address + 2) : halfword(address);
    i.next = address + (wide ? 4 : 2);
    if (i.op->row != kNoRow) i.row = &decode_table()[i.op->row];
    classify(i, layout_);
    return true;
  }

  /// The instructions of an IT block, if they can be translated as such.
  bool read_it_block(const Insn& it, std::vector<Insn>& out) const {
    auto state = static_cast<uint8_t>(it.op->imm);
    uint32_t address = it.next;
    const unsigned first = state >> 4;
    bool otherwise = false;
    while (state) {
      Insn i;
      if (!read(address, state, i)) return false;
      const auto after = static_cast<uint8_t>(state & 7 ? (state & 0xE0) | (state << 1 & 0x1F) : 0);
      if (i.group == Group::call || i.group == Group::if_then || i.writes || i.reads) return false;
      // Then-instructions before else-instructions, one change at most.
      if (i.condition() != first) otherwise = true;
      if (otherwise && i.condition() == first) return false;
      if ((i.ends || i.group == Group::compare_jump) && after) return false;
      if (i.group == Group::compare_jump || i.group == Group::table_jump) return false;
      i.ends = false;
      out.push_back(i);
      address = i.next;
      state = after;
    }
    return true;
  }

  void follow(uint32_t address) {
    while (inside(address) && !insns_.contains(address) && insns_.size() < kMaxInsns) {
      Insn i;
      if (!read(address, 0, i)) return;
      std::vector<Insn> members;
      if (i.group == Group::if_then && (i.op->handler == undefined_handler() || !read_it_block(i, members))) {
        i.group = Group::call;
        i.exits = true;
        i.writes = kAllFlags;  // as far as anybody knows: all is settled before and after
        members.clear();
        if (i.op->handler != undefined_handler()) {
          // The handler runs the block.
          unsigned n = 4 - static_cast<unsigned>(std::countr_zero(i.op->imm & 15));
          uint32_t end = i.next;
          for (; n; --n) end += is_wide(static_cast<uint16_t>(halfword(end))) ? 4 : 2;
          i.next = end;
        }
      }
      insns_.emplace(address, i);
      for (Insn& m : members) {
        insns_.emplace(m.address, m);
        if (m.group == Group::jump) lead(m.target);
      }
      const uint32_t next = members.empty() ? i.next : members.back().next;
      if (i.group == Group::jump || i.group == Group::jump_if || i.group == Group::compare_jump)
        lead(i.target);
      if (i.group == Group::call_near || (i.group == Group::jump_register && i.kind)) lead(i.next);
      if (i.ends) return;
      address = next;
    }
  }

  Unit blocks() const {
    Unit unit;
    for (const uint32_t leader : leaders_) {
      auto at = insns_.find(leader);
      if (at == insns_.end() || at->second.it) continue;
      Block b;
      b.start = b.next = leader;
      while (at != insns_.end() && at->first == b.next) {
        const Insn& i = at->second;
        if (!i.it && i.address != leader && (leaders_.contains(i.address) || b.insns.size() >= kMaxBlock))
          break;
        b.insns.push_back(i);
        b.next = i.next;
        if (i.ends) break;
        at = insns_.find(b.next);
      }
      unit.blocks.push_back(std::move(b));
    }
    return unit;
  }

  const Layout& layout_;
  const Op* ops_;
  std::span<const uint8_t> image_;
  std::set<uint32_t> leaders_;
  std::vector<uint32_t> pending_;
  std::map<uint32_t, Insn> insns_;
};

void work_out(Block& b) {
  const size_t n = b.insns.size();
  b.rest.resize(n);
  b.live.resize(n);
  uint8_t live = kAllFlags;
  for (size_t k = n; k-- > 0;) {
    const Insn& i = b.insns[k];
    b.rest[k] = b.cost;
    b.cost += static_cast<int32_t>((i.op->cycles + i.extra_cycles) << 16 | 1);
    b.live[k] = live;
    live = static_cast<uint8_t>((live & ~(i.it ? 0 : i.writes)) | i.reads);
    if (i.exits) live = kAllFlags;
  }
  b.flags_dead = live == 0;
}

}  // namespace

const Block* Unit::find(uint32_t address) const {
  for (const Block& b : blocks)
    if (b.start == address) return &b;
  return nullptr;
}

Unit explore(const Layout& layout, const Op* ops, std::span<const uint8_t> image, uint32_t entry) {
  Unit unit = Explorer(layout, ops, image).explore(entry);
  for (Block& b : unit.blocks) work_out(b);
  return unit;
}

}  // namespace xedgesim::isa::arm::jit
