// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu.h"

#include <dlfcn.h>

#include <initializer_list>

namespace qemu {
namespace {

class Lookup {
 public:
  /// The first of several names a function has had.
  template <typename Function>
  void operator()(Function*& f, std::initializer_list<const char*> names) {
    f = any<Function>(names);
    if (!f && !missing_) missing_ = *names.begin();
  }
  /// Or null.
  template <typename Function>
  Function* any(std::initializer_list<const char*> names) const {
    for (const char* name : names)
      if (void* address = dlsym(RTLD_DEFAULT, name)) return reinterpret_cast<Function*>(address);
    return nullptr;
  }
  const char* missing() const { return missing_; }

 private:
  const char* missing_ = nullptr;
};

}  // namespace

const char* resolve(Functions& f) {
  Lookup find;
  find(f.timer_init_full, {"timer_init_full"});
  find(f.timer_mod_ns, {"timer_mod_ns"});
  find(f.timer_del, {"timer_del"});
  find(f.clock_get_ns, {"qemu_clock_get_ns"});
  find(f.clock_deadline_ns, {"qemu_clock_deadline_ns_all"});
  find(f.icount_get_raw, {"icount_get_raw"});
  find(f.icount_get, {"icount_get"});
  find(f.in_vcpu_thread, {"qemu_in_vcpu_thread"});
  find(f.condition_wait, {"qemu_cond_wait_func"});
  f.lock_of_big_lock = find.any<MutexLock>({"bql_mutex_lock_func", "qemu_bql_mutex_lock_func"});
  f.mutex_unlock = find.any<void(void*, const char*, int)>({"qemu_mutex_unlock_impl"});
  find(f.all_cpus_idle, {"all_cpu_threads_idle"});
  find(f.is_running, {"runstate_is_running"});
  find(f.get_cpu, {"qemu_get_cpu"});
  find(f.async_run_on_cpu, {"async_run_on_cpu"});
  find(f.new_net_client, {"qemu_new_net_client"});
  find(f.send_packet, {"qemu_send_packet_async"});
  find(f.object_class_by_name, {"object_class_by_name"});
  find(f.chr_find, {"qemu_chr_find"});
  find(f.chr_write, {"qemu_chr_write"});
  find(f.chr_be_can_write, {"qemu_chr_be_can_write"});
  find(f.chr_be_write, {"qemu_chr_be_write"});
  find(f.set_link, {"qmp_set_link"});
  find(f.shutdown_request, {"qemu_system_shutdown_request"});
  find(f.notify_event, {"qemu_notify_event"});
  find(f.big_unlock, {"bql_unlock", "qemu_mutex_unlock_iothread"});
  find(f.big_lock, {"bql_lock_impl", "qemu_mutex_lock_iothread_impl"});
  find(f.register_atexit, {"qemu_plugin_register_atexit_cb"});
  return find.missing();
}

int plugin_interface() {
  // QEMU refuses a plugin whose number it does not support: 7.2 wants 1, 10.0 wants 4 (it still takes 2 to
  // 4).
  return dlsym(RTLD_DEFAULT, "qemu_plugin_scoreboard_new") ? 4 : 1;
}

}  // namespace qemu
