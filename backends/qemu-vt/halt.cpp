// SPDX-License-Identifier: GPL-2.0-or-later
#include "halt.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <thread>

namespace {

const qemu::Functions* functions = nullptr;  // the callback of a translation carries no pointer of ours

constexpr size_t kLongest = 4;  // bytes of the instructions meant

/// Copies the first bytes of an instruction; returns its size.
size_t read_instruction(const void* instruction, uint8_t (&bytes)[kLongest]) {
  const size_t size = functions->insn_size(instruction);
  const size_t n = std::min(size, kLongest);
  if (functions->insn_data_copies)
    functions->insn_data.copy(instruction, bytes, n);
  else
    std::memcpy(bytes, functions->insn_data.pointer(instruction), n);
  return size;
}

/// Of either architecture: a false alarm costs a call and changes nothing.
bool may_halt(const void* instruction) {
  uint8_t b[kLongest] = {};
  switch (read_instruction(instruction, b)) {
    case 1:  // HLT
      return b[0] == 0xF4;
    case 3:  // MWAIT
      return b[0] == 0x0F && b[1] == 0x01 && b[2] == 0xC9;
    case 4: {
      const uint32_t a64 = b[0] | b[1] << 8 | b[2] << 16 | static_cast<uint32_t>(b[3]) << 24;
      return a64 == 0xD503207F || (a64 & ~31u) == 0xD5031020;  // WFI; WFIT Xt
    }
    default:
      return false;
  }
}

void translated(uint64_t, void* block) {
  // They end their block, and a block's instructions are taken from the budget where it begins: all are in.
  void* const last = functions->tb_get_insn(block, functions->tb_n_insns(block) - 1);
  if (may_halt(last))
    functions->register_insn_exec(
        last, [](unsigned, void*) { functions->icount_update(functions->get_cpu(0)); }, qemu::kNoRegisters,
        nullptr);
}

}  // namespace

void account_before_halts(uint64_t plugin, const qemu::Functions& f) {
  functions = &f;
  f.register_tb_trans(plugin, translated);
}

void keep_main_loop_awake(const qemu::Functions& f) {
  std::thread([notify = f.notify_event] {
    for (;;) notify();
  }).detach();
}
