// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

/// The functions of QEMU's executable that the plugin calls, by our own declarations. Debian builds QEMU with
/// loadable modules, so its executable exports them; nothing is linked, each is looked up by name at start.
namespace qemu {

constexpr int kClockVirtual = 1;        // QEMU_CLOCK_VIRTUAL
constexpr int kTimerScaleNs = 1;        // SCALE_NS
constexpr int kNetDriver = 7;           // NET_CLIENT_DRIVER_DGRAM: a name for `info network`, nothing more
constexpr int kCauseHostQuit = 2;       // SHUTDOWN_CAUSE_HOST_QMP_QUIT
constexpr size_t kClientSize = 8192;    // room for a NetClientState, which is about 400 bytes
constexpr size_t kClassWriteSlot = 15;  // ChardevClass::chr_write in words; tried before it is relied upon

/// Room for a QEMUTimer, which is 48 bytes.
struct Timer {
  alignas(16) unsigned char storage[128];
};

/// Head of NetClientInfo; what is not set here is optional.
struct NetClientInfo {
  int type;
  size_t size;
  ssize_t (*receive)(void* client, const uint8_t* data, size_t size);
  void* optional[48];
};

/// What a thread calls to wait; it holds the mutex before and after.
using ConditionWait = void (*)(void* condition, void* mutex, const char* file, int line);
/// How a thread takes a mutex; where it does so in QEMU's source.
using MutexLock = void (*)(void* mutex, const char* file, int line);
using ReadClock = int64_t (*)();

struct Functions {
  void (*timer_init_full)(Timer*, void* group, int clock, int scale, int attributes, void (*)(void*), void*);
  void (*timer_mod_ns)(Timer*, int64_t);
  void (*timer_del)(Timer*);
  int64_t (*clock_get_ns)(int clock);
  int64_t (*clock_deadline_ns)(int clock, int attributes);
  int64_t (*icount_get_raw)();
  int64_t (*icount_get)();
  bool (*in_vcpu_thread)();
  ConditionWait* condition_wait;                                  // a variable: what qemu_cond_wait() calls
  MutexLock* lock_of_big_lock;                                    // a variable, too; null: this QEMU has none
  void (*mutex_unlock)(void* mutex, const char* file, int line);  // may be null
  bool (*all_cpus_idle)();
  bool (*is_running)();
  void* (*get_cpu)(int index);
  void (*async_run_on_cpu)(void* cpu, void (*)(void* cpu, void* data), void* data);
  void* (*new_net_client)(NetClientInfo*, void* peer, const char* model, const char* name);
  /// 0: it waits in a queue; `taken`, unless null, is called when it no longer does.
  ssize_t (*send_packet)(void* client, const uint8_t*, int, void (*taken)(void* client, ssize_t));
  void* (*object_class_by_name)(const char*);
  void* (*chr_find)(const char* id);
  int (*chr_write)(void* chr, const uint8_t*, int, bool all);
  int (*chr_be_can_write)(void* chr);
  void (*chr_be_write)(void* chr, const uint8_t*, int);
  void (*set_link)(const char* name, bool up, void** error);
  void (*shutdown_request)(int cause);
  void (*notify_event)();
  void (*big_unlock)();
  void (*big_lock)(const char* file, int line);
  void (*register_atexit)(uint64_t id, void (*)(uint64_t, void*), void*);
};

/// Null, or the name of a function that this QEMU does not export.
const char* resolve(Functions& f);
/// The version of the plugin interface that this QEMU wants to see in `qemu_plugin_version`.
int plugin_interface();

}  // namespace qemu
