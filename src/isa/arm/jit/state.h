#pragma once
#include <array>
#include <cstdint>
#include <exception>

namespace xedgesim::isa::arm::jit {

/// How the condition flags are to be computed from the record in State. Translated code notes the operands of
/// the last instruction that set them; flags proper are made of these only where somebody looks.
enum FlagKind : uint32_t {
  kFlagsDone = 0,       ///< they are in the Cpu's own four words
  kFlagsAdd = 1,        ///< of a + b
  kFlagsSub = 2,        ///< of a - b
  kFlagsAddResult = 3,  ///< of the addition of b that gave a
  kFlagsSubResult = 4,  ///< of the subtraction of b that gave a
  kFlagsBase = 7,
  kFlagsNewNz = 8,  ///< then N and Z of `nz`
  kFlagsNewC = 16   ///< then C from `c`
};

/// What translated code keeps in the core besides the architectural registers.
struct State {
  uint32_t kind = kFlagsDone, a = 0, b = 0, nz = 0, c = 0;
  std::array<uint32_t, 8> slots{};   ///< operands of flags whose register has been overwritten
  uint32_t exit_index = 0;           ///< halfword of the image where execution goes on; kStayed: see Cpu
  uint32_t block_length = 0;         ///< halfwords of the IT block that the called handler runs, or 0
  uint8_t it_now = 0, it_after = 0;  ///< ITSTATE before and after the called instruction
  uint8_t* ram = nullptr;
  const uint8_t* flash = nullptr;
  /// (cycles - limit) << 16 | instructions since the entry. Not negative: the limit is reached.
  int64_t counter = 0;
  uint64_t limit = 0, limit_seen = 0, instructions = 0;
  std::exception_ptr error;  ///< thrown by a handler; rethrown outside of translated code

  static constexpr uint32_t kStayed = ~0u;
};

}  // namespace xedgesim::isa::arm::jit
