// SPDX-License-Identifier: GPL-2.0-or-later
#include "processor_loop.h"

#include <cstring>

namespace {

// QEMU's hooks carry no pointer of ours.
qemu::MutexLock lock_of_qemu = nullptr, unlock_of_qemu = nullptr;
void (*at_loop)() = nullptr;
void* big_lock = nullptr;
const char* file_of_loop = nullptr;  // the very string, once it was seen

void lock(void* mutex, const char* file, int line) {
  lock_of_qemu(mutex, file, line);
  // Accesses to devices take it, too, with an instruction under way: from another file.
  if (!file_of_loop && std::strstr(file, "tcg-accel-ops-rr.c")) file_of_loop = file;
  if (file != file_of_loop) return;
  big_lock = mutex;
  at_loop();
}

}  // namespace

void watch_processor_loop(const qemu::Functions& f, void (*here)()) {
  if (!f.lock_of_big_lock || !f.mutex_unlock) return;
  at_loop = here;
  unlock_of_qemu = f.mutex_unlock;
  lock_of_qemu = *f.lock_of_big_lock;
  *f.lock_of_big_lock = lock;
}

void give_up_lock() { unlock_of_qemu(big_lock, __FILE__, __LINE__); }
void take_lock() { lock_of_qemu(big_lock, __FILE__, __LINE__); }
