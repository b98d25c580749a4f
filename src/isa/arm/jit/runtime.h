#pragma once
#include <cstdint>

namespace xedgesim::isa::arm {
class Cpu;
struct Op;
}  // namespace xedgesim::isa::arm

namespace xedgesim::isa::arm::jit {

/// What translated code calls. A counter or result is State::counter; a result that is not negative leaves.
struct Runtime {
  /// Lets the interpreter's handler execute one instruction. `counter` includes it, and not the `rest`
  /// of the block, which the result includes again.
  static int64_t call(Cpu* cpu, const Op* op, int64_t counter, int64_t rest);
  /// The same for an instruction that is followed by code which relies on host arithmetic.
  static int64_t call_fp(Cpu* cpu, const Op* op, int64_t counter, int64_t rest);
  /// BX and the like where the target is not in the image. `exchange_only`: EXC_RETURN is an address.
  static void branch(Cpu* cpu, uint32_t value, uint32_t exchange_only, int64_t counter);
  static void settle_flags(Cpu* cpu);

  /// Runs translated code from here on. False: it could not begin before the limit.
  static bool enter(Cpu& cpu, const void* code);
};

}  // namespace xedgesim::isa::arm::jit
