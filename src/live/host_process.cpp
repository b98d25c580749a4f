#include "live/host_process.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <sstream>
#include <string>

#include "base/descriptor.h"

namespace xedgesim::live {
namespace {

/// A handle on the process, if it is the one meant; the number cannot come to mean another while it is held.
Descriptor handle_of(const HostProcess& process) {
  Descriptor fd = open_pidfd(process.pid);
  if (fd.get() < 0 || !alive(process)) return Descriptor();
  return fd;
}

}  // namespace

std::optional<HostProcess> find_process(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/stat", pid));
  std::string line;
  if (pid <= 0 || !std::getline(in, line)) return std::nullopt;
  // The name is in brackets and may hold anything.
  const size_t name = line.rfind(')');
  if (name == std::string::npos) return std::nullopt;
  std::istringstream words(line.substr(name + 1));
  std::string state, word;
  words >> state;
  if (state == "Z" || state == "X") return std::nullopt;
  constexpr int kStartTime = 22;
  for (int field = 4; field <= kStartTime; ++field) words >> word;
  if (!words) return std::nullopt;
  return HostProcess{pid, std::stoll(word)};
}

bool alive(const HostProcess& process) { return find_process(process.pid) == process; }

std::string this_program() {
  const HostProcess me = find_process(getpid()).value_or(HostProcess{});
  return fmt::format("{}:{}", me.pid, me.started);
}

bool program_lives(const std::string& written) {
  HostProcess p;
  const char* const end = written.data() + written.size();
  const auto pid = std::from_chars(written.data(), end, p.pid);
  return pid.ec == std::errc{} && pid.ptr != end && *pid.ptr == ':' &&
         std::from_chars(pid.ptr + 1, end, p.started).ec == std::errc{} && alive(p);
}

bool signal_process(const HostProcess& process, int signal) {
  const Descriptor fd = handle_of(process);
  return fd.get() >= 0 && syscall(SYS_pidfd_send_signal, fd.get(), signal, nullptr, 0) == 0;
}

void end_process(const HostProcess& process, Duration grace) {
  const Descriptor fd = handle_of(process);
  if (fd.get() < 0) return;
  for (const auto& [signal, patience] : {std::pair(SIGTERM, grace), std::pair(SIGKILL, Duration::s(10))}) {
    syscall(SYS_pidfd_send_signal, fd.get(), signal, nullptr, 0);
    pollfd end{fd.get(), POLLIN, 0};
    if (poll(&end, 1, static_cast<int>(patience.count_ns() / 1'000'000)) > 0) return;
  }
}

}  // namespace xedgesim::live
