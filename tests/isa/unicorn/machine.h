#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "isa/arm/cortex_m.h"

/// Two engines with the same memory map and the same start state, to be compared after each piece of code.
namespace xedgesim::isa::test {

inline constexpr uint32_t kCodeBase = 0, kCodeSize = 0x200000;
inline constexpr uint32_t kSlots = 0x100000;  ///< code under test starts here, random bytes around it
inline constexpr uint32_t kRamBase = 0x20000000, kRamSize = 0x4000;

struct State {
  Registers registers;  ///< r, xpsr (flags, GE; IT in the result), s, fpscr
  std::vector<uint8_t> ram;
};

/// Unicorn. Throws std::runtime_error with Unicorn's words when it reports an error.
class Oracle {
 public:
  Oracle();
  ~Oracle();
  Oracle(const Oracle&) = delete;
  Oracle& operator=(const Oracle&) = delete;

  uint8_t* code() { return code_.data(); }
  /// Forgets translations after the code bytes changed.
  void code_changed();
  /// Runs from start.registers.r[15] until the program counter is `until` or `instructions` have executed
  /// (0: no such bound). The error is empty when all went well.
  State run(const State& start, uint32_t until, uint64_t instructions, std::string& error);

 private:
  void* engine_ = nullptr;
  std::vector<uint8_t> code_, ram_;
};

/// Ours, with or without a code image.
class Subject : public Host {
 public:
  explicit Subject(bool with_image, const uint8_t* code);
  ~Subject() override;
  /// Executes one instruction, or until the program counter is `until`. The error says how it stopped.
  State run(const State& start, std::optional<uint32_t> until, std::string& error);
  bool read(uint32_t, unsigned, uint32_t&) override { return false; }
  bool write(uint32_t, unsigned, uint32_t) override { return false; }

 private:
  void open_fpu();
  std::vector<uint8_t> code_, ram_;
  std::unique_ptr<Core> core_;
};

/// Differences in words, empty when equal.
std::string compare(const State& ours, const State& theirs);

}  // namespace xedgesim::isa::test
