#include "vm/shared_core.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

namespace xedgesim::vm {
namespace {

cpu_set_t only(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(core), &set);
  return set;
}

}  // namespace

SharedCore::SharedCore(pid_t process) : process_(process) { sched_getaffinity(0, sizeof all_, &all_); }

void SharedCore::bind_process(const cpu_set_t& cores) const {
  std::error_code ec;
  const std::filesystem::path threads = "/proc/" + std::to_string(process_) + "/task";
  for (const auto& thread : std::filesystem::directory_iterator(threads, ec))
    sched_setaffinity(std::atoi(thread.path().filename().c_str()), sizeof cores, &cores);
}

SharedCore::Turn::Turn(SharedCore& core, bool may_last) : core_(core) {
  if (CPU_COUNT(&core.all_) < 2) return;
  if (may_last || ++core.turns_ > kTurns) {
    core.turns_ = 0;
    if (core.core_ >= 0) core.bind_process(core.all_);
    core.core_ = -1;
    return;
  }
  const int here = sched_getcpu();
  if (here < 0) return;
  const cpu_set_t set = only(here);
  if (core.core_ != here) core.bind_process(set);
  core.core_ = here;
  bound_ = sched_setaffinity(0, sizeof set, &set) == 0;
}

SharedCore::Turn::~Turn() {
  if (!bound_ || sched_setaffinity(0, sizeof core_.all_, &core_.all_) == 0) return;
  // None of those cores is ours any more (cpuset(7)): all that are.
  cpu_set_t any;
  std::memset(&any, 0xff, sizeof any);
  sched_setaffinity(0, sizeof any, &any);
}

}  // namespace xedgesim::vm
