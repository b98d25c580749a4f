// What the translator needs to know of one instruction, from its record and its row of the decode table.
#include "isa/arm/cpu.h"
#include "isa/arm/jit/program.h"

namespace xedgesim::isa::arm::jit {
namespace {

constexpr bool is_arithmetic(unsigned a) { return (a >= kAdd && a <= kRsb) || a >= kCmp; }

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

void classify_alu(Insn& i, const Fields& f) {
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
  } else if (form == shift_register) {
    i.group = Group::shift_by_register;
    i.kind = kind & 3;
    i.sets_flags = wide ? f['s'] : outside_it;
    if (i.sets_flags) i.writes = kNz | kC, i.reads = kC;
  }
}

void classify_parts(Insn& i, const Fields& f) {
  const auto form = i.row->form;
  const unsigned kind = i.row->kind & kKindMask;
  if (form == move_wide) {
    i.group = Group::move_top;
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
  }
}

void classify_multiply(Insn& i, const Fields& f) {
  const auto form = i.row->form;
  const unsigned kind = i.row->kind & kKindMask;
  if (form == multiply_16) {
    i.group = Group::multiply;
    i.kind = kMul;
    i.sets_flags = !i.it;
    if (i.sets_flags) i.writes = kNz;
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

}  // namespace

bool undefined(const Insn& i) {
  static const Handler handler = [] {
    Site unallocated;
    unallocated.raw = 0xB800;
    return decode(unallocated).handler;
  }();
  return i.op->handler == handler;
}

void classify(Insn& i, const Layout& layout) {
  i.shift = Insn::kNoShift;
  if (!i.row || undefined(i)) {
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
    classify_alu(i, f);
    if (i.group == Group::call) classify_parts(i, f);
    if (i.group == Group::call) classify_multiply(i, f);
    if (i.group == Group::call) classify_memory(i, f, layout);
    if (i.group == Group::call && !i.exits) classify_branch(i, f, layout);
  }
  const bool touches_memory = i.group == Group::access || i.group == Group::multiple ||
                              i.group == Group::pair || i.group == Group::fp_access;
  if (layout.checked && touches_memory && !i.immediate) i.group = Group::call;
  if (i.group == Group::call) i.exits = true;
}

}  // namespace xedgesim::isa::arm::jit
