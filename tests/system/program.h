#pragma once
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "temporary_folder.h"

extern char** environ;

namespace xedgesim::testing {

inline std::string read_file(const std::filesystem::path& p) {
  std::ifstream in(p, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

struct ProgramResult {
  int exit_code = -1;
  std::string out, err;
};

/// The built program as a child process, started without a shell; `starter` is what comes before it, such as
/// setpriv.
class Program {
 public:
  explicit Program(const std::vector<std::string>& arguments, const std::vector<std::string>& starter = {}) {
    out_ = folder_ / "out";
    err_ = folder_ / "err";
    std::vector<std::string> all = starter;
    all.push_back(std::string(XEDGESIM_BINARY_DIR) + "/xedgesim");
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& a : all) argv.push_back(a.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawn_file_actions_addopen(&actions, 2, err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
  }
  pid_t pid() const { return pid_; }
  /// What it printed so far.
  std::string out() const { return read_file(out_); }
  ProgramResult wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(out_), read_file(err_)};
  }

 private:
  TemporaryFolder folder_;
  std::filesystem::path out_, err_;
  pid_t pid_ = -1;
};

inline ProgramResult run_program(const std::vector<std::string>& arguments) {
  return Program(arguments).wait();
}

inline std::string source(const std::string& path) { return std::string(XEDGESIM_SOURCE_DIR) + "/" + path; }

}  // namespace xedgesim::testing
