#pragma once
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace xedgesim::experiment {

/// How a child process ended.
struct ChildEnd {
  int exit_code = 0;  ///< of a child that ended by itself
  int signal = 0;     ///< that killed it, or 0
};

/// A child process in a process group of its own, so that Ctrl-C reaches it only through its parent. Started
/// without a shell; its standard output and error go to one file, its standard input is empty.
class Child {
 public:
  /// `arguments[0]` is the program: a path, or a name to be looked up in PATH. Throws SimulationError when it
  /// cannot be started.
  Child(const std::vector<std::string>& arguments, const std::filesystem::path& output);
  /// Kills and reaps a child that still runs.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Whether it has ended; does not wait.
  std::optional<ChildEnd> ended();
  /// Waits for the end.
  ChildEnd wait();
  void send(int signal);
  /// A descriptor that becomes readable when the child ends, or -1 where the kernel has none.
  int descriptor() const { return descriptor_; }

 private:
  std::optional<ChildEnd> reap(int flags);
  pid_t pid_ = -1;
  int descriptor_ = -1;
  std::optional<ChildEnd> end_;
};

}  // namespace xedgesim::experiment
