#include "experiment/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

extern char** environ;

namespace xedgesim::experiment {

Child::Child(const std::vector<std::string>& arguments, const std::filesystem::path& output) {
  std::vector<std::string> copies = arguments;
  std::vector<char*> argv;
  for (std::string& a : copies) argv.push_back(a.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t normal;
  sigemptyset(&normal);
  posix_spawnattr_setsigmask(&attributes, &normal);
  for (const int s : {SIGINT, SIGTERM, SIGPIPE}) sigaddset(&normal, s);
  posix_spawnattr_setsigdefault(&attributes, &normal);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  const int error = posix_spawnp(&pid_, argv[0], &files, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) {
    pid_ = -1;
    throw SimulationError(fmt::format("cannot start '{}' with its output in '{}': {}", arguments[0],
                                      output.string(), std::strerror(error)));
  }
#ifdef SYS_pidfd_open
  descriptor_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
#endif
}

Child::~Child() {
  if (pid_ > 0 && !end_) {
    ::kill(-pid_, SIGKILL);
    reap(0);
  }
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<ChildEnd> Child::reap(int flags) {
  if (end_) return end_;
  int status = 0;
  pid_t got = 0;
  do {
    got = ::waitpid(pid_, &status, flags);
  } while (got < 0 && errno == EINTR);
  if (got != pid_) return std::nullopt;
  end_ = WIFSIGNALED(status) ? ChildEnd{0, WTERMSIG(status)} : ChildEnd{WEXITSTATUS(status), 0};
  return end_;
}

std::optional<ChildEnd> Child::ended() { return reap(WNOHANG); }
ChildEnd Child::wait() { return reap(0).value_or(ChildEnd{1, 0}); }

void Child::send(int signal) {
  if (!end_) ::kill(-pid_, signal);
}

}  // namespace xedgesim::experiment
