#include "isa/arm/jit/runtime.h"

#include <utility>

#include "isa/arm/cpu.h"

namespace xedgesim::isa::arm::jit {
namespace {

/// Longest stretch without a look at the run's limit: the counter's lower half holds as many instructions.
constexpr uint64_t kStretch = 50'000;

}  // namespace

void Runtime::settle_flags(Cpu* cpu) {
  State& s = cpu->jit_state;
  const uint32_t kind = s.kind;
  if (kind == kFlagsDone) return;
  s.kind = kFlagsDone;
  uint32_t a = s.a, b = s.b, result = 0;
  switch (kind & kFlagsBase) {
    case kFlagsAddResult:
      a -= b;
      [[fallthrough]];
    case kFlagsAdd:
      result = a + b;
      cpu->set_nz(result);
      cpu->c_flag = result < a;
      cpu->v_flag = (a ^ result) & (b ^ result);
      break;
    case kFlagsSubResult:
      a += b;
      [[fallthrough]];
    case kFlagsSub:
      result = a - b;
      cpu->set_nz(result);
      cpu->c_flag = a >= b;
      cpu->v_flag = (a ^ b) & (a ^ result);
      break;
    default:
      break;
  }
  if (kind & kFlagsNewNz) cpu->set_nz(s.nz);
  if (kind & kFlagsNewC) cpu->c_flag = s.c;
}

int64_t Runtime::call(Cpu* cpu, const Op* op, int64_t counter, int64_t rest) {
  State& s = cpu->jit_state;
  settle_flags(cpu);
  cpu->cycles_ = s.limit + static_cast<uint64_t>(counter >> 16);
  cpu->instructions_ = s.instructions + (counter & 0xFFFF);
  const bool in_block = s.it_now != 0;
  if (in_block) {
    cpu->it_before_ = s.it_now;
    cpu->itstate = s.it_after;
    s.it_now = 0;
  }
  const Op* next = reinterpret_cast<const Op*>(reinterpret_cast<const char*>(op) + op->advance);
  cpu->ip_ = next;
  if (s.block_length) {
    next = op + s.block_length;
    s.block_length = 0;
  }
  const auto mode = cpu->fp_mode;
  try {
    op->handler(*cpu, *op);
  } catch (...) {
    s.error = std::current_exception();
    return 0;
  }
  cpu->it_before_ = 0;
  if (cpu->ip_ != next || cpu->limit_ != s.limit_seen) return 0;
  if (cpu->fp_mode != mode && cpu->fp_mode != Cpu::FpMode::host) return 0;
  if (!in_block && cpu->itstate) return 0;
  const int64_t now = (static_cast<int64_t>(cpu->cycles_ - s.limit) * 65536 +
                       static_cast<int64_t>(cpu->instructions_ - s.instructions)) +
                      rest;
  if (now < 0) cpu->itstate = 0;  // the rest of an IT block is in the code
  return now;
}

int64_t Runtime::call_fp(Cpu* cpu, const Op* op, int64_t counter, int64_t rest) {
  const uint8_t after = cpu->jit_state.it_now ? cpu->jit_state.it_after : 0;
  const int64_t result = call(cpu, op, counter, rest);
  if (result >= 0 || cpu->fp_mode == Cpu::FpMode::host) return result;
  cpu->itstate = after;
  return 0;
}

void Runtime::branch(Cpu* cpu, uint32_t value, uint32_t exchange_only, int64_t counter) {
  State& s = cpu->jit_state;
  settle_flags(cpu);
  cpu->cycles_ = s.limit + static_cast<uint64_t>(counter >> 16);
  cpu->instructions_ = s.instructions + (counter & 0xFFFF);
  try {
    if (exchange_only)
      cpu->branch_exchange(value);
    else
      cpu->interworking_branch(cpu->outside_op_, value);
  } catch (...) {
    s.error = std::current_exception();
  }
}

bool Runtime::enter(Cpu& cpu, const void* code) {
  State& s = cpu.jit_state;
  const uint64_t left = cpu.limit_ - cpu.cycles_, before = cpu.instructions_;
  const uint64_t stretch = left < kStretch ? left : kStretch;
  s.limit_seen = cpu.limit_;
  s.limit = cpu.cycles_ + stretch;
  s.instructions = before;
  cpu.translated_->enter(cpu, code, -static_cast<int64_t>(stretch << 16));
  if (s.error) std::rethrow_exception(std::exchange(s.error, nullptr));
  if (s.exit_index != State::kStayed) {
    settle_flags(&cpu);
    cpu.cycles_ = s.limit + static_cast<uint64_t>(s.counter >> 16);
    cpu.instructions_ = s.instructions + (s.counter & 0xFFFF);
    cpu.jump(cpu.image_base_ + 2 * s.exit_index);
  }
  return cpu.instructions_ != before;
}

}  // namespace xedgesim::isa::arm::jit
