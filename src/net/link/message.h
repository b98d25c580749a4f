#pragma once
#include "sim/event.h"

namespace xedgesim::net {

/// An opaque byte string on its way between two participants over links. As an Event: code kMessageCode, args
/// {from, to, port, tag}, data the bytes. A sender posts it to its link as EventKind::state; the link hands
/// it to the participant at its other end as EventKind::delivery, contents unchanged.
struct Message {
  sim::ParticipantId from = sim::kNobody;  ///< who wrote it
  sim::ParticipantId to = sim::kNobody;    ///< who it is meant for
  int64_t port = 0;                        ///< what the receiver should take it for; agreed between the two
  int64_t tag = 0;                         ///< carried unchanged, e.g. the id of a sample's span
  sim::SharedBytes bytes{};
};

constexpr uint32_t kMessageCode = 0x400;

/// An Ethernet frame (net/ethernet/frame.h): args {port, tag, priority}, data the frame. Posted to a link,
/// `port` is the sender's own port the link is plugged into; handed over by it, the receiver's. `tag` travels
/// unchanged.
constexpr uint32_t kFrameCode = 0x401;

sim::Event frame_event(sim::SharedBytes frame, SimTime when, sim::ParticipantId next, int64_t port,
                       int64_t tag = 0, sim::EventKind kind = sim::EventKind::state);

/// The event that hands `message` to `next` (a link, or the receiver itself).
sim::Event to_event(const Message& message, SimTime when, sim::ParticipantId next,
                    sim::EventKind kind = sim::EventKind::state);
/// Inverse; `e.code` must be kMessageCode.
Message to_message(const sim::Event& e);

}  // namespace xedgesim::net
