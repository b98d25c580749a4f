#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/time.h"
#include "container/network_card.h"

/// Everything here that takes privileges of the host: network cards made inside network namespaces, and
/// processes in namespaces of their own. It takes root, or a host that lets users make user namespaces.
///
/// Limits: a sandbox keeps programs apart so that they meet on our network only; it is no wall against a
/// hostile program that runs as root. No seccomp filter, no dropped capabilities; IPv6 is off.
namespace xedgesim::container {

/// Why this host gives no namespaces or no TAP devices to us; empty when it does. Tries it.
std::string sandbox_refusal();

struct Volume {
  std::filesystem::path host, inside;
  bool read_only = false;
};

/// Processes in namespaces of their own (network, processes, mounts, host name, IPC; users too without root):
/// an init of ours that passes on SIGTERM, collects orphans and ends with the command, and takes the rest
/// along. They end with this object, and when the thread that made it ends, be it by SIGKILL.
class Sandbox {
 public:
  struct Config {
    std::string hostname{};
    std::vector<NetworkCard> cards{};
    std::vector<std::string> command{};
    std::vector<std::string> environment{};  ///< NAME=value, all of them
    std::filesystem::path root{};            ///< a folder of its own; empty: the host's files
    std::vector<Volume> volumes{};
    std::filesystem::path folder{};  ///< a place for files that are laid over the guest's
    std::string hosts{}, resolv{};   ///< contents of /etc/hosts and /etc/resolv.conf
    std::filesystem::path work{};    ///< where the command begins; empty: /
  };
  /// Makes all of it; the command waits for go(). Throws ConfigError for a volume, SimulationError for what
  /// the host refuses.
  explicit Sandbox(Config config);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  /// Throws ConfigError when there is no such program.
  void go();
  pid_t pid() const { return pid_; }
  /// Readable when all has ended.
  int pidfd() const { return pidfd_.get(); }
  std::vector<Descriptor> take_cards() { return std::move(cards_); }
  Descriptor take_output() { return std::move(output_); }  ///< stdout and stderr; to be read
  Descriptor take_input() { return std::move(input_); }    ///< to be written
  void signal(int number) const;
  /// To everything in it but the init.
  void signal_all(int number) const;
  /// True when it has ended, at the latest after `patience` of wall time.
  bool wait(Duration patience);
  /// As of a shell: the command's, or 128 and the signal that ended it.
  int exit_status() const { return status_; }

 private:
  Config config_;
  pid_t pid_ = -1;
  Descriptor pidfd_, control_, output_, input_;
  std::vector<Descriptor> cards_;
  int status_ = 0;
  bool ended_ = false;
};

/// A command run in the namespaces of a running sandbox.
class EnteredCommand {
 public:
  /// Without `with_input` its standard input is empty. Throws SimulationError.
  EnteredCommand(const Sandbox& sandbox, const std::vector<std::string>& command,
                 const std::vector<std::string>& environment, bool with_input);
  ~EnteredCommand();
  EnteredCommand(const EnteredCommand&) = delete;
  EnteredCommand& operator=(const EnteredCommand&) = delete;

  /// The end to write its standard input to; once.
  Descriptor take_input() { return std::move(input_); }
  int output() const { return output_.get(); }
  int error() const { return error_.get(); }
  int pidfd() const { return pidfd_.get(); }
  /// After the pidfd was readable.
  int exit_status();

 private:
  pid_t pid_ = -1;
  Descriptor pidfd_, input_, output_, error_;
};

}  // namespace xedgesim::container
