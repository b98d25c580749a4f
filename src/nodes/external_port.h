#pragma once
#include <vector>

#include "sim/participant.h"

namespace xedgesim::nodes {

/// The network side of a machine that runs outside (a virtual machine behind a socket, a tap device): what it
/// must do to take part in a cable.
class EthernetPort {
 public:
  virtual ~EthernetPort() = default;
  struct Stamped {
    SimTime time;
    sim::SharedBytes frame;
  };
  /// Earliest time at which it may send with no further input; never() when it only answers.
  virtual SimTime next_activity() const = 0;
  /// Lets it run to `limit` and appends what it sent on the way, in order of its own stamps.
  virtual void advance(SimTime limit, std::vector<Stamped>& sent) = 0;
  /// A frame for it, at or after every time it has reached.
  virtual void deliver(SimTime time, const sim::SharedBytes& frame) = 0;
  /// The cable went down or up.
  virtual void carrier(SimTime, bool) {}
};

/// Such a port as a participant at one end of a net::Link. The path between two of them must be at least the
/// scheduler's window long: cables to machines outside have a latency.
class ExternalPortNode final : public sim::RunningParticipant {
 public:
  ExternalPortNode(sim::ParticipantId cable, EthernetPort& port) : cable_(cable), port_(port) {}
  SimTime next_activity() const override { return port_.next_activity(); }
  SimTime advance(SimTime limit, sim::Outbox& outbox) override;
  void deliver(const sim::Event& e, sim::Outbox& outbox) override;

 private:
  sim::ParticipantId cable_;
  EthernetPort& port_;
  std::vector<EthernetPort::Stamped> sent_;
};

}  // namespace xedgesim::nodes
