#pragma once
#include <vector>

#include "sim/event.h"

namespace xedgesim::sim {

/// The view of the scheduler that an event participant gets while it handles an event.
class EventContext {
 public:
  virtual ~EventContext() = default;
  virtual SimTime now() const = 0;
  /// Queues `e` (time >= now(), target set) in this participant's name. Returns its serial.
  virtual uint64_t post(Event e) = 0;
};

/// Does nothing between events: channel, link, switch, gateway, service, behavioural model, fault.
/// Handled in one global queue in exact order; may react in zero time.
class EventParticipant {
 public:
  virtual ~EventParticipant() = default;
  /// Called once before the first event, at time zero, in order of names.
  virtual void start(EventContext&) {}
  virtual void handle(const Event&, EventContext&) = 0;
};

/// Collects what a running participant sends during one advance().
class Outbox {
 public:
  /// `e.time` is the sender's own time, not before its last one; target set; source and serial are filled in.
  void post(Event e) { events_.push_back(std::move(e)); }
  std::vector<Event>& events() { return events_; }

 private:
  std::vector<Event> events_;
};

/// Executes by itself and is let run ahead: MCU cores, virtual-time VMs, ns-3, external processes.
/// advance() may be called from a worker thread; a participant touches nothing but itself and its outbox.
///
/// Call order: { deliver()* advance() }*, with times that never go back.
class RunningParticipant {
 public:
  virtual ~RunningParticipant() = default;
  /// Earliest time at which it will act with no further input; never() when only an input can wake it.
  /// Always later than the last limit it reached.
  virtual SimTime next_activity() const = 0;
  /// Does everything due at or before `limit`, stamping what it sends with its own time. Returns `limit`, or
  /// an earlier time at which it must wait for an answer it has just asked for (a sync point): it has then
  /// done everything up to and including the returned time. Throws SimulationError when it cannot go on.
  virtual SimTime advance(SimTime limit, Outbox& outbox) = 0;
  /// advance() while nobody else acts: it may go on beyond `limit`, to `far`, but once it has sent something,
  /// at t, no further than t + window - 1 ns, the last instant at which no answer can be there. Returns where
  /// it stands, `limit` or later. Not for participants with sync points.
  virtual SimTime advance_alone(SimTime limit, [[maybe_unused]] SimTime far, [[maybe_unused]] Duration window,
                                Outbox& outbox) {
    return advance(limit, outbox);
  }
  /// An input due at e.time, which is at or after every time it has reached; takes effect after everything
  /// it does by itself at that instant. What it sends in answer carries e.time or later.
  virtual void deliver(const Event& e, Outbox& outbox) = 0;
};

}  // namespace xedgesim::sim
