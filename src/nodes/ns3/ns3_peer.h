#pragma once
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "nodes/external/child.h"
#include "nodes/external/line_channel.h"
#include "nodes/ns3/ns3_protocol.h"

namespace xedgesim::nodes {

/// The ns-3 process (backends/ns3) and its line protocol, docs/ns3.md. Commands are collected and leave with
/// the next ADVANCE, so that a round costs one exchange.
///
/// A peer that dies, hangs past the time-out or breaks the protocol ends the run with a SimulationError that
/// quotes what it printed last.
class Ns3Peer {
 public:
  static constexpr int kVersion = 1;
  struct Config {
    std::vector<std::string> command;
    Duration timeout = Duration::s(30);  ///< wall time for each answer
    size_t stations = 0;
    nlohmann::json init;  ///< arguments of INIT, beside protocol and version
  };
  explicit Ns3Peer(Config config) : config_(std::move(config)) {}

  /// Starts the process and greets it; what it prints goes to `folder`/ns3.log. Throws ConfigError,
  /// SimulationError.
  void connect(const std::filesystem::path& folder);
  /// `time` is not before that of the last command, nor before what advance() has reached.
  void command(std::string_view verb, SimTime time, nlohmann::json arguments);
  /// Lets it run up to and including `to`, and returns what happened, in order; all of it at `to`, because
  /// nothing may happen that nobody waited for.
  const std::vector<Ns3Event>& advance(SimTime to);
  /// Says goodbye; it has two seconds to end by itself. Does not throw.
  void shut_down() noexcept;
  [[noreturn]] void fail(const std::string& what);

 private:
  std::string receive();
  Config config_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Child> child_;
  std::optional<LineChannel> channel_;
  std::string commands_;
  SimTime asked_;
  std::vector<Ns3Event> events_;
};

}  // namespace xedgesim::nodes
