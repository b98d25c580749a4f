#pragma once
#include <sys/types.h>

#include <cstdint>

#include "base/time.h"

namespace xedgesim::container {

/// What the processes of one process namespace use, from proc(5). Children that were waited for are counted
/// with their parents; orphans that have ended are not.
struct ProcessUsage {
  Duration cpu;
  int64_t memory = 0;  ///< bytes, resident
  int processes = 0;
};
/// Of the namespace `member` is in; zeros when that is ours or the process is gone.
ProcessUsage usage_of_namespace(pid_t member);

}  // namespace xedgesim::container
