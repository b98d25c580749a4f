#pragma once
#include <asmjit/x86.h>

#include <functional>
#include <span>
#include <vector>

#include "isa/arm/cpu.h"
#include "isa/arm/jit/code_cache.h"
#include "isa/arm/jit/program.h"

namespace xedgesim::isa::arm::jit {

/// Makes host code of one unit.
///
/// Host registers: rbp the Cpu, r14 the RAM's bytes, r15 the counter (State::counter), rax and rcx free.
/// Guest registers r0-r7, r12 and r14 live in rsi, rdi, rdx, rbx, r8-r11, r12 and r13 throughout, upper
/// halves zero; r8-r11 and the SP stay in the core. That holds between blocks too, so that blocks join
/// without moves.
///
/// A block is charged with all its cycles and instructions when it begins; whoever leaves it early gives the
/// rest back. It begins only when it can end before the limit: what a run's limit cuts short, and what a
/// handler called in between makes late, is left to the interpreter.
class Emitter {
 public:
  Emitter(const Cpu& cpu, const CodeCache& cache, const Unit& unit, std::span<const uint8_t> image,
          asmjit::x86::Assembler& assembler);
  void emit();
  struct Entry {
    uint32_t index;
    asmjit::Label label;
  };
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  using Gp = asmjit::x86::Gp;
  using Mem = asmjit::x86::Mem;
  using Label = asmjit::Label;
  using Cond = asmjit::x86::CondCode;

  // --- guest registers and the core's memory (emitter.cpp) ---
  static int host_of(unsigned guest);
  static bool mapped(unsigned guest) { return host_of(guest) >= 0; }
  Gp host(unsigned guest) const { return asmjit::x86::gpd(static_cast<uint32_t>(host_of(guest))); }
  template <class T>
  Mem at(const T& member, uint32_t width = sizeof(T)) const {
    const auto distance = reinterpret_cast<const char*>(&member) - reinterpret_cast<const char*>(&cpu_);
    return asmjit::x86::ptr(asmjit::x86::rbp, static_cast<int32_t>(distance), width);
  }
  Mem reg_memory(unsigned guest) const { return at(cpu_.r[guest]); }
  Mem single(unsigned n) const { return at(cpu_.s[n]); }
  /// The host register that holds the guest's, or `temporary` after loading it.
  Gp read(unsigned guest, const Gp& temporary);
  void load(const Gp& to, unsigned guest);
  void store(unsigned guest, const Gp& from);
  /// Emits `op to, guest`, from the register or from memory.
  void with(asmjit::x86::Inst::Id op, const Gp& to, unsigned guest);
  /// Where a result for `guest` can be computed; finish() puts it there.
  Gp result(unsigned guest, const Gp& temporary) { return mapped(guest) ? host(guest) : temporary; }
  void finish(unsigned guest, const Gp& from) {
    if (!mapped(guest)) store(guest, from);
  }
  uint32_t index_of(uint32_t address) const { return (address - layout_.image_base) / 2; }

  // --- flags (emit_flags.cpp) ---
  struct Value {
    enum Kind : uint8_t { none, reg, imm, slot } kind = none;
    uint32_t v = 0;
  };
  struct Flags {
    uint32_t base = kUnknown;  ///< FlagKind, or kUnknown: State's record
    Value a, b, nz, c;         ///< nz and c: none means of the base
    int c_bit = 0;             ///< bit of c that is the carry; a constant is in bit 0
  };
  static constexpr uint32_t kUnknown = 0x80;
  enum class HostFlags : uint8_t { none, add, sub, logic };
  static Value reg_value(unsigned guest) { return {Value::reg, guest}; }
  static Value imm_value(uint32_t v) { return {Value::imm, v}; }
  void load_value(const Gp& to, const Value& v);
  void store_value(const Mem& to, const Value& v, const Gp& temporary);
  /// Moves a value out of a register that is about to be written.
  Value save(const Value& v, unsigned slot);
  void save_clobbered(uint16_t registers, uint8_t needed);
  void store_record(const Flags& f, const Gp& temporary = asmjit::x86::eax);
  void settle_flags();
  void set_arithmetic(bool subtraction, Value a, Value b, int destination);
  Cond condition(unsigned cond);
  Cond condition_from_memory(unsigned cond);
  /// From the operands of what set the flags last.
  Cond condition_of_base(unsigned cond);
  void carry_to_host(bool as_borrow);

  // --- leaving and going on (emit_branch.cpp) ---
  void cold(std::function<void()> code) { cold_.push_back(std::move(code)); }
  void leave_at(uint32_t address);
  void edge(uint32_t target, unsigned extra_cycles, int32_t rest, bool follows = false);
  void table_jump_to(uint32_t address);
  void indirect(unsigned extra_cycles, int32_t rest, bool exchange_only);
  void call_handler(const Insn& i, int32_t rest, const Flags& f, bool fp);
  /// Cold code that lets the handler do the instruction and comes back to `after`.
  void handler_at(const Label& from, const Label& after, bool fp = false);

  void emit_block(size_t index);
  void emit_insn(const Block& b, size_t k);
  size_t emit_it(const Block& b, size_t k);
  void call_interpreter();
  void keep_host_flags() { host_flags_ = last_host_flags_; }
  void jump();
  void call_near();
  void jump_if();
  void compare_jump();
  void table_branch();
  void jump_register();

  // --- data (emit_data.cpp) ---
  void alu();
  void operand(const Gp& to);
  void shift_operand(const Gp& to);
  void add_subtract(unsigned kind);
  /// `id` to `to` and the second operand, which is in ecx when it is shifted.
  void with_operand(asmjit::x86::Inst::Id id, const Gp& to);
  bool add_as_address(bool subtraction);
  void with_carry(unsigned kind);
  struct Carry {
    Value value;
    int bit = 0;
  };
  /// That a shifted or constant operand gives.
  Carry operand_carry(bool compares);
  void copy();
  Gp bitwise(unsigned kind, bool compares);
  void logic(unsigned kind);
  void shift_by_register();

  // --- parts of words (emit_bits.cpp) ---
  void bits();
  void reversal();
  void pack();
  void move_top();
  void extension();

  // --- products (emit_multiply.cpp) ---
  void multiply();
  void dual_multiply();
  void long_multiply();
  void set_q_on_overflow();

  // --- memory (emit_memory.cpp) ---
  /// eax: offset in RAM of base + offset; jumps to `outside` unless `bytes` aligned to `width` lie there.
  void ram_offset(uint32_t bytes, unsigned width, const Label& outside);
  void address_of(unsigned base, uint32_t offset);
  void check_range(uint32_t size, uint32_t bytes, unsigned width, const Label& outside);
  void load_word(const Gp& to, const Mem& from, unsigned access);
  void move_base(unsigned guest, int32_t step);
  void access();
  void literal();
  void multiple();
  void pair();

  // --- floating point (emit_fp.cpp) ---
  void need_fp(const Label& slow);
  void fp_arithmetic();
  void fp_negate(const asmjit::x86::Xmm& v);
  void fp_accumulate(const Label& slow);
  void fp_fused();
  void check_result(const asmjit::x86::Xmm& v, const Label& slow);
  void fp_move();
  void fp_compare();
  void fp_convert();
  void fp_transfer();
  void fp_access();

  const Cpu& cpu_;
  const CodeCache& cache_;
  const Layout& layout_;
  const Unit& unit_;
  std::span<const uint8_t> image_;
  asmjit::x86::Assembler& a_;
  bool has_bmi2_;

  std::vector<Entry> entries_;
  std::vector<Label> bodies_;
  std::vector<std::function<void()>> cold_;

  // The instruction that is translated.
  const Insn* i_ = nullptr;
  int32_t rest_ = 0;
  uint8_t live_ = 0;
  Flags flags_;
  HostFlags host_flags_ = HostFlags::none, last_host_flags_ = HostFlags::none;
  bool fp_known_ = false;
};

/// Guest registers that the instruction writes.
uint16_t written(const Insn& i);

}  // namespace xedgesim::isa::arm::jit
