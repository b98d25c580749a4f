#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/time.h"
#include "nodes/external/line_channel.h"

namespace xedgesim::nodes {

/// A program started for a run, in a process group of its own so that an interrupt of the terminal reaches it
/// through us alone. What it prints goes to a file. It never outlives this object.
class Child {
 public:
  /// `environment`: NAME=value, added to ours. Throws ConfigError when it cannot be started.
  Child(const std::vector<std::string>& command, const std::vector<std::string>& environment,
        const std::filesystem::path& output);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Readable when it has ended.
  int pidfd() const { return pidfd_.get(); }
  /// Waits for its end; after `grace` (wall time) it is killed.
  void finish(Duration grace);
  /// "ended with exit code 3; its last words: ..."; empty while it runs.
  std::string obituary();
  /// The end of what it printed.
  std::string last_words() const;

 private:
  bool reap(bool block);
  pid_t pid_ = -1;
  Descriptor pidfd_;
  std::filesystem::path output_;
  bool ended_ = false;
  int status_ = 0;
};

}  // namespace xedgesim::nodes
