#include "sim/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/names.h"

namespace xedgesim::sim {

class Scheduler::Context final : public EventContext {
 public:
  Context(Scheduler& scheduler, ParticipantId self) : scheduler_(scheduler), self_(self) {}
  SimTime now() const override { return scheduler_.now_; }
  uint64_t post(Event e) override {
    XEDGESIM_ASSERT(e.time >= scheduler_.now_);
    const uint64_t serial = scheduler_.slot(self_).serial++;
    e.source = self_;
    e.serial = serial;
    scheduler_.enqueue(std::move(e));
    return serial;
  }

 private:
  Scheduler& scheduler_;
  ParticipantId self_;
};

Scheduler::Scheduler(std::vector<std::string> names, SchedulerConfig config)
    : names_(std::move(names)), config_(config), activity_(names_.size()), pool_(config.threads) {
  XEDGESIM_ASSERT(config_.window > Duration());
  std::sort(names_.begin(), names_.end(), natural_less);
  XEDGESIM_ASSERT(std::adjacent_find(names_.begin(), names_.end()) == names_.end());
  slots_.resize(names_.size());
  for (const std::string& n : names_) digest_.add(n);
}

ParticipantId Scheduler::id(std::string_view name) const {
  const auto it = std::lower_bound(names_.begin(), names_.end(), name, natural_less);
  XEDGESIM_ASSERT(it != names_.end() && *it == name);
  return static_cast<ParticipantId>(it - names_.begin());
}

Scheduler::Slot& Scheduler::slot(ParticipantId id) {
  XEDGESIM_ASSERT(static_cast<size_t>(id) < slots_.size());
  return slots_[static_cast<uint32_t>(id)];
}

void Scheduler::attach(ParticipantId id, EventParticipant& p) {
  Slot& s = slot(id);
  XEDGESIM_ASSERT(!s.event && !s.running);
  s.event = &p;
}

void Scheduler::attach(ParticipantId id, RunningParticipant& p) {
  Slot& s = slot(id);
  XEDGESIM_ASSERT(!s.event && !s.running);
  s.running = &p;
}

void Scheduler::post(ParticipantId source, Event e) {
  XEDGESIM_ASSERT(e.time >= now_);
  e.source = source;
  e.serial = slot(source).serial++;
  enqueue(std::move(e));
}

void Scheduler::enqueue(Event e) {
  const Slot& target = slot(e.target);
  if (e.kind >= EventKind::decision || target.running) {
    // A delivery into a running participant's past would make the result depend on how far it was let run.
    XEDGESIM_ASSERT(!target.running || e.time >= target.reached);
    hard_.push(std::move(e));
  } else {
    soft_.push(std::move(e));
  }
}

void Scheduler::collect(ParticipantId source) {
  Slot& s = slot(source);
  for (Event& e : s.outbox.events()) {
    XEDGESIM_ASSERT(e.time >= now_);
    e.source = source;
    e.serial = s.serial++;
    enqueue(std::move(e));
  }
  s.outbox.events().clear();
}

void Scheduler::start_participants() {
  started_ = true;
  for (uint32_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].event) {
      Context context(*this, ParticipantId{i});
      slots_[i].event->start(context);
    }
    if (slots_[i].running) activity_.update(i, slots_[i].running->next_activity());
  }
}

/// Of the participant in advancing_, the only one that acts up to the horizon.
SimTime Scheduler::advance_one(SimTime horizon, SimTime end) {
  Slot& s = slots_[advancing_.front()];
  const SimTime others = std::min(soft_.next_time(), activity_.top_time());
  const SimTime far = std::min(
      {end, hard_.next_time(), horizon + config_.longest_alone, others + config_.window - Duration::ns(1)});
  return far > horizon ? s.running->advance_alone(horizon, far, config_.window, s.outbox)
                       : s.running->advance(horizon, s.outbox);
}

SimTime Scheduler::advance_running(SimTime horizon, SimTime end) {
  advancing_.clear();
  while (activity_.top_time() <= horizon) {
    advancing_.push_back(activity_.top());
    activity_.update(activity_.top(), SimTime::never());
  }
  if (advancing_.empty()) return horizon;
  std::sort(advancing_.begin(), advancing_.end());
  const auto advance = [&](size_t i) {
    Slot& s = slots_[advancing_[i]];
    try {
      s.reached = advancing_.size() == 1 ? advance_one(horizon, end) : s.running->advance(horizon, s.outbox);
    } catch (...) {
      s.error = std::current_exception();
    }
  };
  if (config_.threads == 1 || advancing_.size() == 1) {
    for (size_t i = 0; i < advancing_.size(); ++i) advance(i);
  } else {
    pool_.run(advancing_.size(), advance);
  }
  statistics_.advances += advancing_.size();
  const SimTime most = advancing_.size() == 1 ? end : horizon;
  SimTime until = most;
  for (uint32_t index : advancing_) {
    Slot& s = slots_[index];
    if (s.error) std::rethrow_exception(std::exchange(s.error, nullptr));
    XEDGESIM_ASSERT(s.reached <= most);
    until = std::min(until, s.reached);
    activity_.update(index, s.running->next_activity());
    collect(ParticipantId{index});
  }
  // Who went on alone may have passed the next of the others, which acts before it hears of anything there.
  return std::min(until, activity_.top_time() - Duration::ns(1));
}

void Scheduler::handle(const Event& e) {
  Slot& target = slot(e.target);
  ++statistics_.events;
  if (e.kind == EventKind::delivery || target.running) {
    ++statistics_.deliveries;
    const auto ends = uint64_t{static_cast<uint32_t>(e.source)} << 32 | static_cast<uint32_t>(e.target);
    const std::array<int64_t, 7> words = {
        e.time.count_ns(), static_cast<int64_t>(ends), int64_t{e.code}, e.args[0], e.args[1], e.args[2],
        e.args[3]};
    digest_.add_each(words);
    if (e.data) digest_.add(std::span<const uint8_t>(*e.data));
    on_delivery(e);
  }
  if (target.running) {
    target.running->deliver(e, target.outbox);
    collect(e.target);
    activity_.update(static_cast<uint32_t>(e.target), target.running->next_activity());
  } else {
    XEDGESIM_ASSERT(target.event);
    Context context(*this, e.target);
    target.event->handle(e, context);
  }
}

void Scheduler::handle_events(SimTime until) {
  for (;;) {
    EventQueue& queue = hard_.before(soft_) ? hard_ : soft_;
    if (queue.next_time() > until || queue.empty()) return;
    const Event e = queue.pop();
    XEDGESIM_ASSERT(e.time >= now_);
    now_ = e.time;
    handle(e);
  }
}

SimTime Scheduler::next_time() const {
  if (!started_) return now_;
  return std::min({soft_.next_time(), hard_.next_time(), activity_.top_time()});
}

bool Scheduler::run_until(SimTime end) {
  if (!started_) start_participants();
  for (;;) {
    if (stop_.exchange(false, std::memory_order_relaxed)) return false;
    const SimTime t0 = next_time();
    if (t0 > end) break;
    ++statistics_.rounds;
    const SimTime horizon = std::min({end, t0 + config_.window - Duration::ns(1), hard_.next_time()});
    handle_events(advance_running(horizon, end));
  }
  now_ = end;
  return true;
}

}  // namespace xedgesim::sim
