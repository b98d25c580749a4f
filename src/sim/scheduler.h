#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "sim/activity_heap.h"
#include "sim/event_queue.h"
#include "sim/participant.h"
#include "sim/signal.h"
#include "sim/worker_pool.h"

namespace xedgesim::sim {

struct SchedulerConfig {
  /// W: nothing a participant does can be felt by a running participant sooner than this, except answers to
  /// its own requests, for which it waits (RunningParticipant::advance).
  Duration window = Duration::us(128);
  /// How far a participant goes at most, in one round, that is alone to act; between rounds the caller may
  /// stop the run.
  Duration longest_alone = Duration::ms(20);
  /// Host threads that advance running participants. The result is the same for every value.
  unsigned threads = 1;
};

/// Owns simulation time. One round:
///  1. t0 = earliest queued event or activity;
///  2. horizon = the last instant at which no running participant can have been reached by anything done at
///     or after t0: t0 + W - 1 ns, cut at the first queued event that ends in a decision or reaches a running
///     participant;
///  3. running participants with activity up to the horizon are advanced to it, in any order or in parallel;
///     one that is alone goes on: until W after the next act of anybody else, or W after what it sends;
///  4. what they sent is merged in the total order of values (Event::order), and events are handled up to the
///     horizon, or up to the earliest sync point one of them waits at.
/// "Up to" is inclusive in both steps: at one instant participants act first, then events by kind.
class Scheduler {
 public:
  struct Statistics {
    uint64_t rounds = 0, advances = 0, events = 0, deliveries = 0;
  };

  /// `names`: all participants of the system, unique; ids follow their natural-sort order.
  Scheduler(std::vector<std::string> names, SchedulerConfig config);

  ParticipantId id(std::string_view name) const;
  const std::string& name(ParticipantId id) const { return names_[static_cast<uint32_t>(id)]; }
  size_t size() const { return names_.size(); }

  /// The participant outlives the scheduler's last run_until().
  void attach(ParticipantId id, EventParticipant& p);
  void attach(ParticipantId id, RunningParticipant& p);

  /// Queues an event from outside (fault time-line, host input) in the name of `source`, not before now().
  void post(ParticipantId source, Event e);

  /// Runs everything due at or before `end`. False when request_stop() ended it early; the system is then in
  /// a consistent state at now() and may be continued. Exceptions of participants pass through; of several in
  /// one round the one of the first name.
  bool run_until(SimTime end);
  /// May be called from a signal handler or another thread.
  void request_stop() noexcept { stop_.store(true, std::memory_order_relaxed); }

  SimTime now() const { return now_; }
  /// Earliest instant at which something is due; never() when only something from outside can go on. Before
  /// the first run_until(): now().
  SimTime next_time() const;
  /// Digest over all deliveries so far, in order, and the names.
  std::string digest() const { return digest_.hex(); }
  const Statistics& statistics() const { return statistics_; }

  /// Every delivery, just before it is handed over.
  Signal<const Event&> on_delivery;

 private:
  class Context;
  struct Slot {
    EventParticipant* event = nullptr;
    RunningParticipant* running = nullptr;
    uint64_t serial = 0;
    Outbox outbox;
    SimTime reached = SimTime::from_ns(-1);
    std::exception_ptr error;
  };

  void enqueue(Event e);
  void collect(ParticipantId source);
  void start_participants();
  SimTime advance_running(SimTime horizon, SimTime end);
  SimTime advance_one(SimTime horizon, SimTime end);
  void handle_events(SimTime until);
  void handle(const Event& e);
  Slot& slot(ParticipantId id);

  std::vector<std::string> names_;
  std::vector<Slot> slots_;
  SchedulerConfig config_;
  EventQueue soft_;  // reach no running participant
  EventQueue hard_;  // decisions, and everything whose target is a running participant: these cut the horizon
  ActivityHeap activity_;
  WorkerPool pool_;
  std::vector<uint32_t> advancing_;
  SimTime now_;
  bool started_ = false;
  std::atomic<bool> stop_{false};
  Digest digest_;
  Statistics statistics_;
};

}  // namespace xedgesim::sim
