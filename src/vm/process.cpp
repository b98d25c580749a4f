#include "vm/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/error.h"

extern char** environ;

namespace xedgesim::vm {
namespace {

constexpr size_t kLastWords = 600;  // bytes

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& s : strings) out.push_back(s.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> merged_environment(const std::vector<std::string>& own) {
  std::vector<std::string> out = own;
  for (char** e = environ; *e; ++e) {
    const std::string name = std::string(*e).substr(0, std::string_view(*e).find('=') + 1);
    if (std::none_of(own.begin(), own.end(), [&](const std::string& v) { return v.starts_with(name); }))
      out.emplace_back(*e);
  }
  return out;
}

/// In the child, between fork and exec: nothing but system calls.
[[noreturn]] void become(const Process::Config& config, pid_t parent, char* const* argv, char* const* envp,
                         int report) {
  const auto give_up = [&] {
    const int error = errno;
    [[maybe_unused]] const ssize_t n = write(report, &error, sizeof error);
    _exit(127);
  };
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // it died before we could ask to be told
  signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (!config.folder.empty() && chdir(config.folder.c_str()) != 0) give_up();
  const int input = open("/dev/null", O_RDONLY);
  const int output = open(config.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (input < 0 || output < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) give_up();
  for (const int fd : config.inherited)
    if (fcntl(fd, F_SETFD, 0) != 0) give_up();
  execvpe(argv[0], argv, envp);
  give_up();
  _exit(127);
}

}  // namespace

Process::Process(Config config) : config_(std::move(config)) {
  std::vector<std::string> arguments = config_.command, variables = merged_environment(config_.environment);
  const auto argv = pointers(arguments), envp = pointers(variables);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    throw ConfigError(fmt::format("cannot start '{}': {}", config_.command[0], std::strerror(errno)));
  Descriptor result(ends[0]), report(ends[1]);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) become(config_, parent, argv.data(), envp.data(), report.get());
  if (pid_ < 0)
    throw ConfigError(fmt::format("cannot start '{}': {}", config_.command[0], std::strerror(errno)));
  report = Descriptor();
  int error = 0;
  if (read(result.get(), &error, sizeof error) == static_cast<ssize_t>(sizeof error)) {
    reap(true);
    throw ConfigError(fmt::format("cannot start '{}': {}", config_.command[0], std::strerror(error)));
  }
  pidfd_ = open_pidfd(pid_);
}

Process::~Process() { finish(Duration()); }

bool Process::reap(bool block) {
  if (ended_) return true;
  pid_t r = 0;
  do {
    r = waitpid(pid_, &status_, block ? 0 : WNOHANG);
  } while (r < 0 && errno == EINTR);
  return ended_ = r == pid_ || (r < 0 && errno == ECHILD);
}

bool Process::wait(Duration patience) {
  if (reap(false)) return true;
  pollfd end{pidfd_.get(), POLLIN, 0};
  if (end.fd >= 0) poll(&end, 1, static_cast<int>(patience.count_ns() / 1'000'000));
  return reap(false);
}

void Process::finish(Duration grace) {
  if (wait(grace)) return;
  kill(-pid_, SIGKILL);
  kill(pid_, SIGKILL);
  reap(true);
}

int Process::exit_status() const { return WIFSIGNALED(status_) ? -WTERMSIG(status_) : WEXITSTATUS(status_); }

std::string Process::obituary() {
  if (!wait(Duration::ms(500))) return {};  // a connection closes a moment before its process ends
  std::string text = exit_status() < 0 ? fmt::format("ended by signal {}", -exit_status())
                                       : fmt::format("ended with exit code {}", exit_status());
  std::string words = tail_of(config_.output, kLastWords);
  std::replace(words.begin(), words.end(), '\n', ' ');
  if (!words.empty()) text += fmt::format("; it said: {}", words);
  return text;
}

std::filesystem::path find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (const auto p = std::filesystem::path(folder) / name; !folder.empty() && access(p.c_str(), X_OK) == 0)
      return p;
  return {};
}

std::string tail_of(const std::filesystem::path& file, size_t most) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return {};
  in.seekg(0, std::ios::end);
  const auto size = static_cast<size_t>(in.tellg());
  in.seekg(static_cast<std::streamoff>(size > most ? size - most : 0));
  std::string text((std::istreambuf_iterator<char>(in)), {});
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  if (size > most)
    if (const size_t line = text.find('\n'); line != std::string::npos) text.erase(0, line + 1);
  return text;
}

std::string run_to_end(const std::vector<std::string>& command, Duration patience,
                       const std::vector<std::string>& environment) {
  char name[] = "/tmp/xedgesim-XXXXXX";
  const Descriptor file(mkstemp(name));
  if (file.get() < 0) throw SimulationError(fmt::format("cannot write to /tmp: {}", std::strerror(errno)));
  const struct Remove {
    const char* path;
    ~Remove() { unlink(path); }
  } remove{name};
  Process p({.command = command, .environment = environment, .output = name, .inherited = {}, .folder = {}});
  if (!p.wait(patience))
    throw SimulationError(fmt::format("'{}' did not end within {:g} s", command[0], patience.count_s()));
  std::ifstream in(name, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  if (p.exit_status() != 0) throw SimulationError(fmt::format("'{}' {}", command[0], p.obituary()));
  return text;
}

}  // namespace xedgesim::vm
