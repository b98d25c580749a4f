#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peers.h"

extern char** environ;

namespace xedgesim::bench {

std::optional<double> qemu_seconds(const std::string& elf, unsigned kernel, uint64_t rounds, bool icount) {
  const auto word = [](uint32_t at, uint64_t v) {
    return "loader,addr=" + std::to_string(at) + ",data=" + std::to_string(v) + ",data-len=4";
  };
  std::vector<std::string> words{"qemu-system-arm",
                                 "-M",
                                 "mps2-an386",
                                 "-display",
                                 "none",
                                 "-serial",
                                 "none",
                                 "-monitor",
                                 "none",
                                 "-semihosting",
                                 "-kernel",
                                 elf,
                                 "-device",
                                 word(kParameters, kernel),
                                 "-device",
                                 word(kParameters + 4, rounds),
                                 "-device",
                                 word(kParameters + 8, 24999)};
  if (icount) words.insert(words.end(), {"-icount", "shift=0,sleep=off"});
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed) return std::nullopt;
  int status = 0;
  rusage used{};
  if (wait4(child, &status, 0, &used) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return std::nullopt;
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace xedgesim::bench
