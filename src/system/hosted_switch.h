#pragma once
#include <functional>
#include <string>
#include <vector>

#include "scenario/scenario.h"
#include "sim/participant.h"

namespace xedgesim::system {

/// A switch that somebody else is (Open vSwitch), as the rest of the system sees it: the ends of its cables.
/// Who runs it (src/live) sets the functions, and puts in what comes out of it by frame(). What waits at a
/// port waits in the cable's end, as behind the native switch.
class HostedSwitch final : public sim::EventParticipant {
 public:
  struct Port {
    std::string name{};
    sim::ParticipantId cable = sim::kNobody;  ///< kNobody: nothing is plugged in
    bool end_station = false;
  };
  HostedSwitch(sim::ParticipantId self, const scenario::Switch& config, std::vector<Port> ports)
      : self_(self), config_(config), ports_(std::move(ports)) {}

  /// A frame for the switch at that port. False: it did not take it, and the frame is lost.
  std::function<bool(size_t port, const sim::Bytes&)> to_port;
  std::function<void(size_t port, bool up)> carrier;

  void handle(const sim::Event& e, sim::EventContext& context) override;
  /// What the switch sent by a port, on its way into the cable.
  sim::Event frame(size_t port, sim::Bytes bytes, SimTime when) const;

  sim::ParticipantId participant() const { return self_; }
  const scenario::Switch& config() const { return config_; }
  const std::vector<Port>& ports() const { return ports_; }
  struct Counters {
    uint64_t frames_in = 0, frames_out = 0, frames_missed = 0;
  };
  const Counters& counters() const { return counters_; }

 private:
  sim::ParticipantId self_;
  const scenario::Switch& config_;
  std::vector<Port> ports_;
  mutable Counters counters_;
};

}  // namespace xedgesim::system
