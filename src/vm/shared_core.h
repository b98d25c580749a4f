#pragma once
#include <sched.h>
#include <sys/types.h>

namespace xedgesim::vm {

/// Keeps a process and the thread that takes turns with it on one core. Only one of the two ever runs, but
/// Linux wakes whoever is next on the idle core beside the one it is woken from, and that costs both more
/// processor time than the switch itself. Whatever goes wrong in here costs speed, nothing else.
///
/// Every kTurns turns, and in long ones, the scheduler is free to choose, so that two pairs that met on a
/// core part.
class SharedCore {
 public:
  static constexpr int kTurns = 64;  ///< some 30 ms of a machine that computes and is looked at each ms
  /// `process` runs with the affinity of the calling thread.
  explicit SharedCore(pid_t process);

  /// As long as it lives, the calling thread is bound to the core it is on, and so is the process: from
  /// before it is told to go on until its answer is there. With `may_last` neither is.
  class Turn {
   public:
    Turn(SharedCore& core, bool may_last);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    const SharedCore& core_;
    bool bound_ = false;
  };

 private:
  void bind_process(const cpu_set_t& cores) const;

  pid_t process_;
  cpu_set_t all_{};
  int core_ = -1;       // that the process is bound to; -1: to none
  int turns_ = kTurns;  // since both were free
};

}  // namespace xedgesim::vm
