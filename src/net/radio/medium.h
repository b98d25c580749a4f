#pragma once
#include "net/radio/records.h"
#include "sim/participant.h"
#include "sim/signal.h"

namespace xedgesim::net {

/// What radios talk to (sim/air.h) and recorders listen to, whoever computes it: net::Channel here, or ns-3
/// in a process of its own (nodes/ns3).
class Medium : public sim::EventParticipant {
 public:
  const ChannelStatistics& statistics() const { return statistics_; }

  /// Emitted when the first symbol leaves. In order of time.
  sim::Signal<const TransmissionRecord&> transmission_began;
  /// Emitted at the end of a frame or when it was aborted, after all its receptions.
  sim::Signal<const TransmissionRecord&> transmission_ended;
  /// One per frame and plain listener that hears it (power above the cut-off), and one per frame and station
  /// it is addressed to, whatever that station was doing.
  sim::Signal<const ReceptionRecord&> reception;

 protected:
  ChannelStatistics statistics_;
};

}  // namespace xedgesim::net
