#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace xedgesim::live {

/// A process of the host, told from a later one of the same number by the moment it was started.
struct HostProcess {
  pid_t pid = -1;
  int64_t started = 0;  ///< clock ticks since the host was switched on (proc(5), stat, field 22)
  bool operator==(const HostProcess&) const = default;
};

/// Nothing when there is none of that number, or it has ended and waits to be reaped.
std::optional<HostProcess> find_process(pid_t pid);
bool alive(const HostProcess& process);
/// PID:START of ourselves, as it is written on what outlives us elsewhere; and whether the program that is
/// written there still runs.
std::string this_program();
bool program_lives(const std::string& written);
/// Sends a signal to exactly that process. False when it is gone.
bool signal_process(const HostProcess& process, int signal);
/// SIGTERM, and SIGKILL when `grace` of wall time is over; returns when it is gone.
void end_process(const HostProcess& process, Duration grace);

}  // namespace xedgesim::live
