#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nodes/card_counters.h"
#include "nodes/codes.h"
#include "sim/participant.h"

namespace xedgesim::system {

/// A machine that runs on the host's own clock, as the rest of the system sees it: the ends of its cables.
/// Who runs the machine (src/live) sets the functions, and puts in what comes from it by the events made
/// here.
class HostedMachine final : public sim::EventParticipant {
 public:
  struct Config {
    sim::ParticipantId self = sim::kNobody;
    std::vector<sim::ParticipantId> cables{};  ///< of its network cards
    sim::ParticipantId observer = sim::kNobody;
  };
  explicit HostedMachine(Config config) : config_(std::move(config)), cards_(config_.cables.size()) {}

  /// A frame for one of its network cards. False: it did not take it, and the frame is lost.
  std::function<bool(size_t card, const sim::Bytes&)> to_machine;
  std::function<void(std::string_view)> typed;      ///< bytes for its console
  std::function<void(size_t card, bool)> carrier;   ///< a cable went down or up
  std::function<void(nodes::ControlCode)> control;  ///< fail, recover, power_off, power_on, reset

  /// What it has used of the host since it was switched on.
  struct Usage {
    Duration cpu;
    int64_t memory = 0;  ///< bytes
  };
  std::function<std::optional<Usage>()> usage;

  void handle(const sim::Event& e, sim::EventContext& context) override;

  /// What the machine sent, on its way into the cable; at least as long as a card sends.
  sim::Event frame(size_t card, sim::Bytes bytes, SimTime when);
  /// A line it printed, on its way to the observer.
  sim::Event line(std::string_view text, SimTime when);

  struct Counters {
    uint64_t frames_in = 0, frames_out = 0, bytes_in = 0, bytes_out = 0;
    uint64_t frames_missed = 0;  ///< arrived while it was off, or faster than it took them
    uint64_t lines = 0;
    uint64_t boots = 0;  ///< kept by who runs it
  };
  Counters& counters() { return counters_; }
  const Counters& counters() const { return counters_; }
  const Config& config() const { return config_; }
  /// Of each network card.
  const std::vector<nodes::CardCounters>& cards() const { return cards_; }

 private:
  Config config_;
  std::vector<nodes::CardCounters> cards_;
  Counters counters_;
};

}  // namespace xedgesim::system
