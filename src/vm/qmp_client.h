#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/time.h"

namespace xedgesim::vm {

/// QEMU's machine protocol over a connected socket. Throws SimulationError when QEMU is gone, does not answer
/// within the patience (wall time), or refuses a command; the sentence has QEMU's own words.
class QmpClient {
 public:
  explicit QmpClient(Descriptor socket, Duration patience = Duration::s(10))
      : socket_(std::move(socket)), patience_(patience) {}
  /// Asks for command mode without waiting: QEMU hears it as soon as it listens, and tells events from then
  /// on.
  void announce();
  /// Waits for the greeting and for command mode. To be called before commands.
  void open();
  /// The command's "return" value.
  nlohmann::json execute(const std::string& command,
                         const nlohmann::json& arguments = nlohmann::json::object());
  /// Does not wait: a guest that keeps QEMU busy can hold up every answer for as long as it likes. What QEMU
  /// says to it is lost. Needs no open().
  void tell(const std::string& command, const nlohmann::json& arguments = nlohmann::json::object());
  /// QEMU gets a descriptor of ours, by that name for the next command that wants one.
  void pass_descriptor(const std::string& name, int fd);
  /// Events that have come so far, each once: {"event": "SHUTDOWN", "data": …}. Does not wait.
  std::vector<nlohmann::json> take_events();

 private:
  nlohmann::json receive();
  /// The number its answer will have.
  int64_t send_command(const std::string& command, const nlohmann::json& arguments, int descriptor = -1);
  nlohmann::json answer(const std::string& command, int64_t number);
  bool next_line(std::string& line);

  Descriptor socket_;
  Duration patience_;
  int64_t sent_ = 0;       // commands so far
  int64_t announced_ = 0;  // the number of what asked for command mode
  std::string buffer_;
  std::vector<nlohmann::json> events_;
};

}  // namespace xedgesim::vm
