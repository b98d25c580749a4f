// SPDX-License-Identifier: GPL-2.0-or-later
#include "clock_jump.h"

#include <limits>
#include <thread>

namespace {

constexpr int64_t kPastEveryTimer = std::numeric_limits<int64_t>::max() / 2;
constexpr size_t kClassWords = 32;  // of an AccelOpsClass, at most: it has about 15

// QEMU's hooks carry no pointer of ours.
const qemu::Functions* functions = nullptr;
qemu::ConditionWait wait_of_qemu = nullptr;
qemu::ReadClock clock_of_qemu = nullptr;
bool thread_waits = false;  // guarded by the big lock, which the waiting gives up
bool clock_was_read = false;

void wait(void* condition, void* mutex, const char* file, int line) {
  const bool processor = functions->in_vcpu_thread();
  if (processor) thread_waits = true;
  wait_of_qemu(condition, mutex, file, line);
  if (processor) thread_waits = false;
}

int64_t read_clock() {
  clock_was_read = true;
  // Whoever asks here holds the big lock, without which that thread cannot come to wait.
  if (!functions->in_vcpu_thread() && !thread_waits && functions->all_cpus_idle()) return kPastEveryTimer;
  return clock_of_qemu();
}

/// Where the class of the accelerator keeps its function that reads the virtual clock; null: not found.
qemu::ReadClock* clock_slot() {
  auto* const words = static_cast<qemu::ReadClock*>(functions->object_class_by_name("tcg-accel-ops"));
  for (size_t i = 0; words && i < kClassWords; ++i)
    if (words[i] == functions->icount_get) return words + i;
  return nullptr;
}

}  // namespace

const char* guard_clock_jumps(const qemu::Functions& f) {
  functions = &f;
  qemu::ReadClock* const slot = clock_slot();
  if (!slot) return "its accelerator reads the clock in another way";
  clock_of_qemu = *slot;
  *slot = read_clock;
  // The first such word is the virtual clock's; reading that shows whether it still is.
  f.clock_get_ns(qemu::kClockVirtual);
  if (!clock_was_read) return "the class of its accelerator is laid out differently";
  wait_of_qemu = *f.condition_wait;
  *f.condition_wait = wait;
  return nullptr;
}

void keep_main_loop_awake(const qemu::Functions& f) {
  std::thread([notify = f.notify_event] {
    for (;;) notify();
  }).detach();
}
