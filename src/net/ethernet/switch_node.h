#pragma once
#include "net/ethernet/switch.h"
#include "sim/participant.h"
#include "sim/signal.h"

namespace xedgesim::net::ethernet {

/// A Switch as a participant: its ports are numbered as in its configuration, and a cable (net::Link) may be
/// plugged into each. Takes kFrameCode and kCarrierCode events from them.
class SwitchNode final : public sim::EventParticipant {
 public:
  /// `cables[port]`: the link at that port, or kNobody.
  SwitchNode(sim::ParticipantId self, SwitchConfig config, std::vector<sim::ParticipantId> cables);
  void start(sim::EventContext& context) override;
  void handle(const sim::Event& e, sim::EventContext& context) override;
  const Switch& core() const { return switch_; }

 private:
  void depart(sim::EventContext& context, int64_t tag);

  sim::ParticipantId self_;
  Switch switch_;
  std::vector<sim::ParticipantId> cables_;
  std::vector<Departure> out_;
};

}  // namespace xedgesim::net::ethernet
