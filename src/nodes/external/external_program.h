#pragma once
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "nodes/external/child.h"
#include "nodes/external/external_node.h"
#include "nodes/external/line_channel.h"

namespace xedgesim::nodes {

/// A program that is the behaviour of a group of devices, over a socket, by the protocol of docs/external.md.
///
/// It is let run ahead like a board: ADVANCE says to which instant, DONE says what it did until then and when
/// it next wants to. A frame that arrives, and the fate of one that was sent, are DELIVERed at their
/// instants. Everything it does carries its own time, which must lie after what it has already reached and
/// not after what it was allowed: the result is as repeatable as the program is. What it must answer within
/// is wall time, and a peer that breaks any of this ends the run with a SimulationError that names it.
class ExternalProgram final : public sim::RunningParticipant {
 public:
  static constexpr int kVersion = 1;
  struct Node {
    std::string name;
    sim::ParticipantId participant = sim::kNobody;
    nlohmann::json description;  ///< its entry in INIT, beside its name
  };
  struct Config {
    std::string name;                  ///< of the group, for messages
    std::vector<std::string> command;  ///< empty: it connects by itself
    std::vector<std::string> environment;
    std::string address;  ///< see Listener; empty: a unix socket in the folder given to connect()
    Duration timeout = Duration::s(30);
    uint64_t seed = 1;
    Duration duration{};  ///< of the run
    std::vector<Node> nodes;
  };
  explicit ExternalProgram(Config config);
  ~ExternalProgram() override;

  /// Starts the program, waits for it and greets it. Files go to `folder`. Throws ConfigError,
  /// SimulationError.
  void connect(const std::filesystem::path& folder);
  /// Greets a program at the other end of a stream socket. Throws SimulationError.
  void greet(Descriptor socket);
  /// Says goodbye; the program has the time-out to end by itself. Does not throw.
  void shut_down(const std::string& reason) noexcept;

  SimTime next_activity() const override { return next_; }
  SimTime advance(SimTime limit, sim::Outbox& outbox) override;
  void deliver(const sim::Event& e, sim::Outbox& outbox) override;

  /// Energy a node's program has told, in microjoules; node index within the program. Read between rounds
  /// only.
  double energy_uj(size_t node) const { return energy_uj_[node]; }
  const Config& config() const { return config_; }

 private:
  void exchange_greetings();
  void send(const nlohmann::json& message);
  nlohmann::json receive(const char* answer_to);
  void done(const nlohmann::json& message, SimTime from, SimTime at, sim::Outbox& outbox);
  void act(const nlohmann::json& event, SimTime at, sim::Outbox& outbox);
  [[noreturn]] void fail(const std::string& what);

  Config config_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Child> child_;
  std::optional<LineChannel> channel_;
  std::map<std::string, size_t, std::less<>> index_;
  std::vector<double> energy_uj_;
  SimTime reached_ = SimTime::from_ns(-1), acted_;
  SimTime asked_;  // of the message that is being answered
  SimTime next_ = SimTime::never();
};

}  // namespace xedgesim::nodes
