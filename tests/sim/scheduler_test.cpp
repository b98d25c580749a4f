#include "sim/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "base/rng.h"

namespace xedgesim::sim {
namespace {

using namespace xedgesim::literals;

constexpr Duration kEffect = 128_us;
enum Code : uint32_t { kSend = 1, kOutcome, kArrive, kAsk, kAnswer };

/// A running participant that acts at random instants (a coarse grid, so that equal times are common), sends
/// through the medium, changes its behaviour with what it receives, and now and then asks and waits.
class Talker final : public RunningParticipant {
 public:
  Talker(const std::string& name, ParticipantId medium) : rng_(1, name, "talker"), medium_(medium) {
    plan(SimTime::zero());
  }
  SimTime next_activity() const override { return next_; }
  SimTime advance(SimTime limit, Outbox& out) override { return go(limit, SimTime::never(), out); }
  SimTime advance_alone(SimTime limit, SimTime far, Duration window, Outbox& out) override {
    EXPECT_GT(far, limit);
    if (!goes_alone) return advance(limit, out);
    window_ = window;
    const SimTime reached = go(far, limit, out);
    window_ = Duration();
    beyond += reached > limit;
    return reached;
  }
  bool asks = true;
  bool goes_alone = false;
  uint64_t beyond = 0;

  void deliver(const Event& e, Outbox&) override {
    EXPECT_GE(e.time, last_);
    state_ = state_ * 31 + e.args[0] + static_cast<int64_t>(e.code);
    state_ &= 0xffff;
    if (e.code == kArrive && state_ % 3 == 0) next_ = std::min(next_, e.time + 4_us);
  }

 private:
  SimTime go(SimTime limit, SimTime near, Outbox& out) {
    while (next_ <= limit) {
      const SimTime t = next_;
      last_ = t;
      plan(t);
      if (rng_.chance(0.3)) continue;  // says nothing
      if (window_ > Duration()) limit = std::max(near, std::min(limit, t + window_ - 1_ns));
      if (asks && rng_.chance(0.2)) {
        const SimTime answer = t + 2_us;
        out.post({.time = t, .target = medium_, .code = kAsk, .args = {state_, 0, 0, 0}});
        if (answer <= limit) {
          next_ = std::max(next_, answer + 1_us);
          return answer;
        }
      } else {
        out.post({.time = t, .target = medium_, .code = kSend, .args = {state_, 0, 0, 0}});
      }
    }
    return limit;
  }
  void plan(SimTime from) {
    next_ = from + Duration::us(4) * (1 + int64_t{rng_.below(100 + static_cast<uint32_t>(state_ % 50))});
  }
  RandomStream rng_;
  ParticipantId medium_;
  SimTime next_, last_;
  Duration window_;  // of the advance_alone() that runs, else zero
  int64_t state_ = 1;
};

/// Takes a decision kEffect after each message and tells everyone else.
class Medium final : public EventParticipant {
 public:
  std::vector<ParticipantId> members;
  void handle(const Event& e, EventContext& c) override {
    switch (e.code) {
      case kSend:
        c.post({.time = c.now() + kEffect,
                .kind = EventKind::decision,
                .target = self,
                .code = kOutcome,
                .args = {e.args[0], static_cast<int64_t>(e.source), 0, 0}});
        break;
      case kAsk:
        c.post({.time = c.now() + 2_us,
                .kind = EventKind::delivery,
                .target = e.source,
                .code = kAnswer,
                .args = {++asked, 0, 0, 0}});
        break;
      case kOutcome:
        for (ParticipantId m : members)
          if (static_cast<int64_t>(m) != e.args[1])
            c.post(
                {.time = c.now(), .kind = EventKind::delivery, .target = m, .code = kArrive, .args = e.args});
        break;
      default:
        FAIL();
    }
  }
  ParticipantId self{};
  int64_t asked = 0;
};

struct Options {
  Duration window = kEffect;
  unsigned threads = 1;
  bool reversed = false;
  Duration step = 50_ms;
  int talkers = 12;
  bool asks = true;
  bool alone = false;  // who acts alone goes on
};

struct Counts {
  uint64_t deliveries = 0;
  uint64_t beyond = 0;  // times somebody alone went beyond the horizon
};

std::string run(const Options& o, Counts* counts = nullptr) {
  std::vector<std::string> names{"medium"};
  for (int i = 1; i <= o.talkers; ++i) names.push_back("t" + std::to_string(i));
  if (o.reversed) std::reverse(names.begin(), names.end());
  Scheduler s(names, {.window = o.window, .threads = o.threads});
  Medium medium;
  medium.self = s.id("medium");
  s.attach(medium.self, medium);
  std::vector<std::unique_ptr<Talker>> talkers;
  for (const std::string& n : names) {
    if (n == "medium") continue;
    talkers.push_back(std::make_unique<Talker>(n, medium.self));
    talkers.back()->asks = o.asks;
    talkers.back()->goes_alone = o.alone;
    s.attach(s.id(n), *talkers.back());
    medium.members.push_back(s.id(n));
  }
  std::sort(medium.members.begin(), medium.members.end());
  for (SimTime t; t < SimTime::at(50_ms);) {
    t = std::min(SimTime::at(50_ms), t + o.step);
    EXPECT_TRUE(s.run_until(t));
  }
  if (counts) {
    counts->deliveries = s.statistics().deliveries;
    for (const auto& t : talkers) counts->beyond += t->beyond;
  }
  return s.digest();
}

TEST(Scheduler, DigestDependsOnNothingButTheSystem) {
  Counts counts;
  const std::string reference = run({}, &counts);
  EXPECT_GT(counts.deliveries, 10'000u);
  EXPECT_EQ(reference, run({}));
  EXPECT_EQ(reference, run({.window = 1_us})) << "window length";
  EXPECT_EQ(reference, run({.window = 37_us})) << "window length";
  EXPECT_EQ(reference, run({.reversed = true})) << "declaration order";
  EXPECT_EQ(reference, run({.step = 77_us})) << "the caller's steps";
}

TEST(Scheduler, WhoActsAloneGoesOnAndChangesNothing) {
  Counts counts;
  for (const int talkers : {1, 2, 3, 12}) {
    SCOPED_TRACE(talkers);
    const std::string reference = run({.talkers = talkers, .asks = false});
    EXPECT_EQ(reference, run({.talkers = talkers, .asks = false, .alone = true}));
    EXPECT_EQ(reference, run({.window = 5_us, .talkers = talkers, .asks = false, .alone = true}, &counts));
    EXPECT_EQ(reference, run({.step = 77_us, .talkers = talkers, .asks = false, .alone = true}));
  }
  EXPECT_GT(counts.beyond, 200u);
}

TEST(SchedulerThreads, DigestIsEqualOverThreadCounts) {
  const std::string reference = run({});
  EXPECT_EQ(reference, run({.threads = 2}));
  EXPECT_EQ(reference, run({.threads = 5}));
}

/// Remembers the order in which it was called.
class Recorder final : public EventParticipant {
 public:
  std::vector<std::string> seen;
  void handle(const Event& e, EventContext&) override {
    seen.push_back(std::to_string(static_cast<int>(e.kind)) + ":" + std::to_string(e.args[0]));
  }
};

TEST(Scheduler, EqualTimesAreOrderedByKindSourceAndSerial) {
  Scheduler s({"b2", "b10", "a"}, {});
  Recorder a, b2, b10;
  s.attach(s.id("a"), a);
  s.attach(s.id("b2"), b2);
  s.attach(s.id("b10"), b10);
  const auto post = [&](const char* source, EventKind kind, int64_t tag) {
    s.post(s.id(source),
           {.time = SimTime::at(1_ms), .kind = kind, .target = s.id("a"), .args = {tag, 0, 0, 0}});
  };
  post("b10", EventKind::state, 3);
  post("b2", EventKind::delivery, 6);
  post("b2", EventKind::state, 1);
  post("b2", EventKind::state, 2);
  post("a", EventKind::decision, 5);
  post("b10", EventKind::timer, 4);
  post("b10", EventKind::control, 0);
  EXPECT_TRUE(s.run_until(SimTime::at(1_s)));
  EXPECT_EQ(a.seen, (std::vector<std::string>{"0:0", "1:1", "1:2", "1:3", "2:4", "3:5", "4:6"}));
}

TEST(Scheduler, StopRequestLeavesAStateThatCanBeContinued) {
  Scheduler s({"a"}, {});
  Recorder a;
  s.attach(s.id("a"), a);
  for (int64_t i = 0; i < 3; ++i)
    s.post(s.id("a"), {.time = SimTime::at(Duration::ms(i)),
                       .kind = EventKind::timer,
                       .target = s.id("a"),
                       .args = {i, 0, 0, 0}});
  s.request_stop();
  EXPECT_FALSE(s.run_until(SimTime::at(1_s)));
  EXPECT_TRUE(a.seen.empty());
  EXPECT_TRUE(s.run_until(SimTime::at(1_s)));
  EXPECT_EQ(a.seen.size(), 3u);
  EXPECT_EQ(s.now(), SimTime::at(1_s));
}

}  // namespace
}  // namespace xedgesim::sim
