#include "nodes/external/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/error.h"

extern char** environ;

namespace xedgesim::nodes {
namespace {

constexpr std::streamoff kLastWords = 400;  // bytes

}  // namespace

Child::Child(const std::vector<std::string>& command, const std::vector<std::string>& environment,
             const std::filesystem::path& output)
    : output_(output) {
  std::vector<std::string> arguments = command, variables;
  for (char** e = environ; *e; ++e) {
    const std::string_view name = std::string_view(*e).substr(0, std::string_view(*e).find('='));
    bool replaced = false;
    for (const std::string& v : environment) replaced |= v.starts_with(std::string(name) + "=");
    if (!replaced) variables.emplace_back(*e);
  }
  variables.insert(variables.end(), environment.begin(), environment.end());
  const auto pointers = [](std::vector<std::string>& strings) {
    std::vector<char*> out;
    for (std::string& s : strings) out.push_back(s.data());
    out.push_back(nullptr);
    return out;
  };
  const auto argv = pointers(arguments), envp = pointers(variables);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int error = posix_spawnp(&pid_, argv[0], &actions, &attributes, argv.data(), envp.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    throw ConfigError(fmt::format("cannot start '{}': {}; see whether it is installed, or name its path",
                                  command.front(), std::strerror(error)));
  pidfd_ = open_pidfd(pid_);
}

bool Child::reap(bool block) {
  if (ended_) return true;
  pid_t r = 0;
  do {
    r = waitpid(pid_, &status_, block ? 0 : WNOHANG);
  } while (r < 0 && errno == EINTR);
  return ended_ = r == pid_;
}

void Child::finish(Duration grace) {
  pollfd end{pidfd_.get(), POLLIN, 0};
  if (!reap(false) && pidfd_.get() >= 0) poll(&end, 1, static_cast<int>(grace.count_ns() / 1'000'000));
  if (!reap(false)) {
    kill(-pid_, SIGKILL);
    reap(true);
  }
}

Child::~Child() { finish(Duration()); }

std::string Child::obituary() {
  // A connection closes a moment before its process ends.
  pollfd end{pidfd_.get(), POLLIN, 0};
  if (!ended_ && pidfd_.get() >= 0) poll(&end, 1, 500);
  if (!reap(false)) return {};
  std::string text = WIFSIGNALED(status_) ? fmt::format("ended by signal {}", WTERMSIG(status_))
                                          : fmt::format("ended with exit code {}", WEXITSTATUS(status_));
  std::string words = last_words();
  if (const size_t line = words.rfind('\n'); line != std::string::npos) words = words.substr(line + 1);
  if (!words.empty()) text += fmt::format("; its last words: {}", words);
  return text;
}

std::string Child::last_words() const {
  std::ifstream in(output_, std::ios::binary);
  in.seekg(0, std::ios::end);
  const std::streamoff size = in.tellg();
  in.seekg(std::max<std::streamoff>(0, size - kLastWords));
  std::string words((std::istreambuf_iterator<char>(in)), {});
  while (!words.empty() && (words.back() == '\n' || words.back() == ' ')) words.pop_back();
  return words;
}

}  // namespace xedgesim::nodes
