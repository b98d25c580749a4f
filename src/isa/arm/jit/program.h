#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "isa/arm/decode.h"
#include "isa/arm/forms.h"
#include "isa/arm/jit/code_cache.h"

namespace xedgesim::isa::arm::jit {

enum FlagSet : uint8_t { kNz = 1, kC = 2, kV = 4, kAllFlags = 7 };

/// How an instruction is translated.
enum class Group : uint8_t {
  call,  ///< by the interpreter's handler
  nothing,
  alu,
  shift_by_register,
  move_top,
  bits,
  reversal,
  pack,
  extend,
  multiply,
  access,
  multiple,
  pair,
  jump,
  jump_if,
  call_near,  ///< BL
  compare_jump,
  jump_register,
  table_jump,
  if_then,
  fp_arithmetic,
  fp_move,
  fp_immediate,
  fp_compare,
  fp_convert,
  fp_transfer,
  fp_access
};

/// One instruction of the guest with what the translator needs to know of it.
struct Insn {
  const Op* op = nullptr;
  const Row* row = nullptr;
  uint32_t address = 0, raw = 0;
  uint32_t next = 0;    ///< address of the instruction behind
  uint32_t target = 0;  ///< of a direct branch
  Group group = Group::call;
  uint8_t kind = 0;   ///< within the form, without kOutsideIt
  uint8_t shift = 0;  ///< alu: kNoShift or a Shift, amount in `amount`
  uint8_t amount = 0;
  bool immediate = false;  ///< alu: second operand is op->imm
  bool sets_flags = false;
  bool carry_known = false;  ///< alu: C becomes op->ra
  bool ends = false;         ///< nothing follows it
  bool exits = false;        ///< may leave the block: the flags must be right before and after
  uint8_t reads = 0, writes = 0;
  uint8_t it = 0;             ///< ITSTATE before it; 0: not in an IT block
  uint32_t extra_cycles = 0;  ///< known now besides op->cycles

  unsigned condition() const { return it ? it >> 4 : 14; }
  static constexpr uint8_t kNoShift = 0xFF;
};

/// Fills in what follows from the instruction itself: all but `target`, `next` and `it`.
void classify(Insn& i, const Layout& layout);
/// It has the record of an unallocated encoding.
bool undefined(const Insn& i);

struct Block {
  uint32_t start = 0;
  uint32_t next = 0;  ///< where it goes on when no instruction ends it
  std::vector<Insn> insns;
  bool flags_dead = false;  ///< it sets all flags before anybody could see the ones it began with
  /// (cycles << 16) + instructions of all of it, and of what follows each instruction.
  int32_t cost = 0;
  std::vector<int32_t> rest;
  std::vector<uint8_t> live;  ///< flags that can be seen after each instruction
};

/// The blocks reachable from `entry` by direct branches, as far as one translation goes, in address order.
/// `halfword` gives the guest's code, `ops` are the records of the image.
struct Unit {
  std::vector<Block> blocks;
  const Block* find(uint32_t address) const;
};
Unit explore(const Layout& layout, const Op* ops, std::span<const uint8_t> image, uint32_t entry);

}  // namespace xedgesim::isa::arm::jit
