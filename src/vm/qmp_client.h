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
  /// Waits for the greeting and switches to command mode. To be called first.
  void open();
  /// The command's "return" value.
  nlohmann::json execute(const std::string& command,
                         const nlohmann::json& arguments = nlohmann::json::object());
  /// Events that have come so far, each once: {"event": "SHUTDOWN", "data": …}. Does not wait.
  std::vector<nlohmann::json> take_events();

 private:
  nlohmann::json receive();
  bool next_line(std::string& line);

  Descriptor socket_;
  Duration patience_;
  std::string buffer_;
  std::vector<nlohmann::json> events_;
};

}  // namespace xedgesim::vm
