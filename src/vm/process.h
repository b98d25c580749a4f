#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/time.h"

namespace xedgesim::vm {

/// Where the shell would find a program; empty: nowhere.
std::filesystem::path find_program(const std::string& name);

/// A program of the host that never outlives us: it ends with this object, and the kernel kills it when the
/// thread that started it ends, be it by SIGKILL. It runs in a process group of its own, so that an interrupt
/// of the terminal reaches it through us alone; its standard input is empty, what it prints goes to a file.
class Process {
 public:
  struct Config {
    std::vector<std::string> command;      ///< the program and its arguments; no shell is in between
    std::vector<std::string> environment;  ///< NAME=value, in place of ours of that name
    std::filesystem::path output;          ///< of stdout and stderr
    std::vector<int> inherited;            ///< descriptors it keeps, under their numbers
    std::filesystem::path folder;          ///< where it runs; empty: where we do
  };
  /// Throws ConfigError when it cannot be started.
  explicit Process(Config config);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  /// Readable when it has ended.
  int pidfd() const { return pidfd_.get(); }
  /// Waits for its end and reaps it. False when it still runs after `patience` of wall time.
  bool wait(Duration patience);
  /// As wait(), but it is killed when the time is over.
  void finish(Duration grace);
  /// After its end: 0 to 255 as it returned it, or minus the signal that ended it.
  int exit_status() const;
  /// "ended with exit code 3; it said: ..."; empty while it runs.
  std::string obituary();

 private:
  bool reap(bool block);

  Config config_;
  pid_t pid_ = -1;
  Descriptor pidfd_;
  bool ended_ = false;
  int status_ = 0;
};

/// Runs a program to its end. Throws SimulationError with what it said when it fails or takes longer than
/// `patience`. Returns what it printed.
std::string run_to_end(const std::vector<std::string>& command, Duration patience,
                       const std::vector<std::string>& environment = {});

/// The last `most` bytes of a file, from the beginning of a line; empty when there is none.
std::string tail_of(const std::filesystem::path& file, size_t most);

}  // namespace xedgesim::vm
