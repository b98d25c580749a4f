#pragma once
#include <queue>
#include <vector>

#include "base/error.h"
#include "sim/participant.h"

namespace xedgesim::net {

/// Runs event participants alone, in exact order of events: what the scheduler does with them, without
/// windows.
class Harness {
 public:
  void add(sim::ParticipantId id, sim::EventParticipant& p) {
    const auto i = static_cast<size_t>(id);
    if (participants_.size() <= i) {
      participants_.resize(i + 1);
      serials_.resize(i + 1);
    }
    participants_[i] = &p;
  }

  /// As if participant `source` had posted it.
  void post(sim::ParticipantId source, sim::Event e) {
    XEDGESIM_ASSERT(e.time >= now_);
    e.source = source;
    e.serial = serials_[static_cast<size_t>(source)]++;
    queue_.push(std::move(e));
  }

  void run_until(SimTime limit) {
    if (!started_) {
      started_ = true;
      for (size_t i = 0; i < participants_.size(); ++i) {
        Context context(*this, static_cast<sim::ParticipantId>(i));
        if (participants_[i]) participants_[i]->start(context);
      }
    }
    while (!queue_.empty() && queue_.top().time <= limit) {
      const sim::Event e = queue_.top();
      queue_.pop();
      now_ = e.time;
      ++handled_;
      Context context(*this, e.target);
      participants_.at(static_cast<size_t>(e.target))->handle(e, context);
    }
  }

  SimTime now() const { return now_; }
  uint64_t handled() const { return handled_; }

 private:
  class Context final : public sim::EventContext {
   public:
    Context(Harness& h, sim::ParticipantId self) : h_(h), self_(self) {}
    SimTime now() const override { return h_.now_; }
    uint64_t post(sim::Event e) override {
      h_.post(self_, std::move(e));
      return h_.serials_[static_cast<size_t>(self_)] - 1;
    }

   private:
    Harness& h_;
    sim::ParticipantId self_;
  };
  struct Later {
    bool operator()(const sim::Event& a, const sim::Event& b) const { return a.order() > b.order(); }
  };

  std::vector<sim::EventParticipant*> participants_;
  std::vector<uint64_t> serials_;
  std::priority_queue<sim::Event, std::vector<sim::Event>, Later> queue_;
  SimTime now_;
  uint64_t handled_ = 0;
  bool started_ = false;
};

/// A participant that only remembers what it was told.
class Probe final : public sim::EventParticipant {
 public:
  void handle(const sim::Event& e, sim::EventContext&) override { events.push_back(e); }
  std::vector<sim::Event> events;
};

}  // namespace xedgesim::net
