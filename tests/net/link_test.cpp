#include "net/link/link.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "harness.h"

namespace xedgesim::net {
namespace {

using namespace literals;
using sim::ParticipantId;

constexpr ParticipantId kLink{0}, kA{1}, kB{2}, kFar{3};

class Line {
 public:
  explicit Line(LinkParameters forward, LinkParameters back = {}, uint64_t seed = 1)
      : link(
            {.id = kLink, .name = "wan", .seed = seed, .a = kA, .b = kB, .a_to_b = forward, .b_to_a = back}) {
    harness_.add(kLink, link);
    harness_.add(kA, a);
    harness_.add(kB, b);
    link.dropped.connect([this](const LinkRecord&, DropReason why) { drops.push_back(why); });
  }
  void send(ParticipantId from, Duration when, int64_t tag, size_t bytes = 125) {
    const Message m{.from = from,
                    .to = kFar,
                    .port = 7,
                    .tag = tag,
                    .bytes = std::make_shared<sim::Bytes>(bytes, uint8_t{1})};
    harness_.post(from, to_event(m, SimTime::at(when), kLink));
  }
  void change(Duration when, LinkSide side, const LinkPatch& patch, LinkAction action = LinkAction::set) {
    change(when, side, link.add_patch(patch), action);
  }
  void change(Duration when, LinkSide side, int64_t patch, LinkAction action) {
    harness_.post(kB, link_change(kLink, SimTime::at(when), side, action, patch));
  }
  void run() { harness_.run_until(SimTime::at(Duration::s(100'000))); }
  Link link;
  Probe a, b;
  std::vector<DropReason> drops;

 private:
  Harness harness_;
};

std::vector<int64_t> microseconds(const Probe& p) {
  std::vector<int64_t> out;
  for (const auto& e : p.events) out.push_back(e.time.count_ns() / 1000);
  return out;
}

TEST(Link, TellsItsEndsOfTheirCarrierAMachineThatRunsAheadLater) {
  Link link({.id = kLink,
             .name = "wan",
             .a = kA,
             .b = kB,
             .a_to_b = {.up = false},
             .b_to_a = {.up = false},
             .a_port = 3,
             .tells_carrier = true,
             .b_outside = true,
             .floor = 300_us});
  Probe a, b;
  Harness harness;
  harness.add(kLink, link);
  harness.add(kA, a);
  harness.add(kB, b);
  harness.post(kB, link_change(kLink, SimTime::at(5_ms), LinkSide::both, LinkAction::set,
                               link.add_patch({.up = true})));
  harness.run_until(SimTime::at(10_ms));
  for (const Probe* end : {&a, &b}) {
    ASSERT_EQ(end->events.size(), 2u);
    for (const auto& e : end->events) EXPECT_EQ(e.code, kCarrierCode);
    EXPECT_EQ(end->events[0].args[1], 0);
    EXPECT_EQ(end->events[1].args[1], 1);
  }
  EXPECT_EQ(a.events[0].args[0], 3);
  EXPECT_EQ(microseconds(a), (std::vector<int64_t>{0, 5000}));
  EXPECT_EQ(microseconds(b), (std::vector<int64_t>{300, 5300}));
}

TEST(Link, CarriesAMessageUnchangedAfterItsLatency) {
  Line line({.latency = 10_ms});
  line.send(kA, 1_ms, 42);
  line.run();
  ASSERT_EQ(line.b.events.size(), 1u);
  const auto& e = line.b.events[0];
  EXPECT_EQ(e.time, SimTime::at(11_ms));
  EXPECT_EQ(e.kind, sim::EventKind::delivery);
  const Message m = to_message(e);
  EXPECT_EQ(m.from, kA);
  EXPECT_EQ(m.to, kFar);
  EXPECT_EQ(m.port, 7);
  EXPECT_EQ(m.tag, 42);
  EXPECT_EQ(m.bytes->size(), 125u);
  EXPECT_TRUE(line.a.events.empty());
}

TEST(Link, DirectionsAreIndependent) {
  Line line({.latency = 10_ms}, {.latency = 1_ms});
  line.send(kA, 0_ms, 1);
  line.send(kB, 0_ms, 2);
  line.run();
  EXPECT_EQ(microseconds(line.b), std::vector<int64_t>{10'000});
  EXPECT_EQ(microseconds(line.a), std::vector<int64_t>{1'000});
}

TEST(Link, MessagesQueueAtTheRate) {
  // 125 bytes at 1 Mbit/s: 1 ms each.
  Line line({.rate_bps = 1'000'000, .latency = 5_ms});
  for (int i = 0; i < 3; ++i) line.send(kA, 0_ms, i);
  line.send(kA, 10_ms, 3);
  line.run();
  EXPECT_EQ(microseconds(line.b), (std::vector<int64_t>{6'000, 7'000, 8'000, 16'000}));
}

TEST(Link, FramingTakesTimeButIsNotDelivered) {
  Line line({.rate_bps = 1'000'000, .overhead_bytes = 125});
  line.send(kA, 0_ms, 0);
  line.run();
  EXPECT_EQ(microseconds(line.b), std::vector<int64_t>{2'000});
  EXPECT_EQ(to_message(line.b.events[0]).bytes->size(), 125u);
}

TEST(Link, AFullQueueDropsItsTail) {
  for (const bool by_bytes : {false, true}) {
    Line line({.rate_bps = 1'000'000, .queue_bytes = by_bytes ? 375 : 0, .queue_packets = by_bytes ? 0 : 3});
    for (int i = 0; i < 10; ++i) line.send(kA, 0_ms, i);
    line.send(kA, Duration::us(1500), 10);
    line.run();
    std::vector<int64_t> tags;
    for (const auto& e : line.b.events) tags.push_back(to_message(e).tag);
    EXPECT_EQ(tags, (std::vector<int64_t>{0, 1, 2, 10}));
    EXPECT_EQ(line.drops, std::vector<DropReason>(7, DropReason::queue_full));
    EXPECT_EQ(line.link.statistics(Direction::a_to_b).queue_drops, 7u);
  }
}

TEST(Link, LosesTheShareItIsTold) {
  const int n = 20'000;
  Line line({.loss = 0.1});
  for (int i = 0; i < n; ++i) line.send(kA, Duration::ms(i), i);
  line.run();
  EXPECT_NEAR(1 - static_cast<double>(line.b.events.size()) / n, 0.1, 4 * std::sqrt(0.1 * 0.9 / n));
  EXPECT_EQ(line.link.statistics(Direction::a_to_b).lost + line.b.events.size(), static_cast<size_t>(n));
}

TEST(Link, BurstsHaveTheirMeanLossAndLength) {
  // Bad share g/(g+b) = 1/11, mean burst 1/b = 5 messages.
  const int n = 100'000;
  Line line({.bursts = GilbertElliott{.good_to_bad = 0.02, .bad_to_good = 0.2}});
  for (int i = 0; i < n; ++i) line.send(kA, Duration::ms(i), i);
  line.run();
  std::vector<bool> lost(static_cast<size_t>(n), true);
  for (const auto& e : line.b.events) lost[static_cast<size_t>(to_message(e).tag)] = false;
  int total = 0, bursts = 0;
  for (size_t i = 0; i < lost.size(); ++i) {
    total += lost[i];
    bursts += lost[i] && (i == 0 || !lost[i - 1]);
  }
  EXPECT_NEAR(total / double{n}, 1 / 11.0, 0.006);
  EXPECT_NEAR(static_cast<double>(total) / bursts, 5.0, 0.25);
}

TEST(Link, JitterHasItsDistributionAndNeverGoesBelowZero) {
  const int n = 20'000;
  for (const auto kind : {Jitter::uniform, Jitter::normal}) {
    Line line({.latency = 10_ms, .distribution = kind, .jitter = 3_ms});
    for (int i = 0; i < n; ++i) line.send(kA, Duration::s(i), i);
    line.run();
    double sum = 0, sum2 = 0, lowest = 1e9, highest = 0;
    for (const auto& e : line.b.events) {
      const double ms = (e.time - SimTime::at(Duration::s(to_message(e).tag))).count_ms();
      sum += ms;
      sum2 += ms * ms;
      lowest = std::min(lowest, ms);
      highest = std::max(highest, ms);
    }
    const double mean = sum / n, deviation = std::sqrt(sum2 / n - mean * mean);
    const bool uniform = kind == Jitter::uniform;
    EXPECT_NEAR(mean, 10, 0.1);
    EXPECT_NEAR(deviation, uniform ? 3 / std::sqrt(3.0) : 3.0, 0.06);
    if (uniform) {
      EXPECT_GE(lowest, 7);
      EXPECT_LE(highest, 13);
    }
    EXPECT_GE(lowest, 0);
  }
}

TEST(Link, KeepsTheOrderUnlessToldOtherwise) {
  for (const bool keep : {true, false}) {
    Line line({.latency = 10_ms, .distribution = Jitter::uniform, .jitter = 10_ms, .keep_order = keep});
    for (int i = 0; i < 1000; ++i) line.send(kA, Duration::ms(i), i);
    line.run();
    std::vector<int64_t> tags;
    for (const auto& e : line.b.events) tags.push_back(to_message(e).tag);
    EXPECT_EQ(tags.size(), 1000u);
    EXPECT_EQ(std::is_sorted(tags.begin(), tags.end()), keep);
  }
}

TEST(Link, ChangesWhileItRuns) {
  Line line({.latency = 10_ms});
  line.change(1_s, LinkSide::a_to_b, {.latency = 2_ms});
  line.change(2_s, LinkSide::both, {.rate_bps = 1'000'000});
  line.change(3_s, LinkSide::both, {.up = false});
  line.change(4_s, LinkSide::both, {.up = true});
  line.change(4_s, LinkSide::both, {.loss = 1.0});
  for (int i = 0; i < 5; ++i) line.send(kA, Duration::ms(1000 * i + 500), i);
  line.send(kA, 1_s, 9);  // the change of the same instant comes first
  line.run();
  EXPECT_EQ(microseconds(line.b), (std::vector<int64_t>{510'000, 1'002'000, 1'502'000, 2'503'000}));
  EXPECT_EQ(line.drops, (std::vector<DropReason>{DropReason::down, DropReason::loss}));
  EXPECT_EQ(line.link.parameters(Direction::b_to_a).latency, Duration());
}

TEST(Link, RepeatsWithItsSeedAndDiffersWithAnother) {
  const auto times = [](uint64_t seed) {
    Line line({.latency = 10_ms, .distribution = Jitter::normal, .jitter = 1_ms, .loss = 0.2}, {}, seed);
    for (int i = 0; i < 500; ++i) line.send(kA, Duration::ms(i), i);
    line.run();
    return microseconds(line.b);
  };
  EXPECT_EQ(times(1), times(1));
  EXPECT_NE(times(1), times(2));
}

TEST(Link, SurvivesManyWaitingMessagesWhenTheRateBecomesUnlimited) {
  Line line({.rate_bps = 8});
  for (int i = 0; i < 200'000; ++i) line.send(kA, 0_ms, i, 1);
  line.change(1_ms, LinkSide::both, {.rate_bps = 0});
  line.run();
  EXPECT_EQ(line.b.events.size(), 200'000u);
}

TEST(Link, LayersComeOnTopOfEachOtherAndGoAgain) {
  Line line({.latency = 1_ms});
  const int64_t profile = line.link.add_patch({.latency = 10_ms});
  const int64_t first = line.link.add_patch({.latency = 100_ms}),
                second = line.link.add_patch({.latency = 200_ms});
  const auto at = [&](int s, LinkAction action, int64_t patch) {
    line.change(Duration::s(s), LinkSide::both, patch, action);
  };
  at(1, LinkAction::profile, profile);
  at(2, LinkAction::begin_overlay, first);
  at(3, LinkAction::begin_overlay, second);
  at(4, LinkAction::end_overlay, first);  // the later one is still there
  at(5, LinkAction::end_overlay, second);
  line.change(6_s, LinkSide::both, {.latency = 3_ms});
  at(7, LinkAction::profile, -1);  // what was set stays
  for (int i = 0; i < 8; ++i) line.send(kA, Duration::ms(1000 * i + 500), i);
  line.run();
  EXPECT_EQ(microseconds(line.b), (std::vector<int64_t>{501'000, 1'510'000, 2'600'000, 3'700'000, 4'700'000,
                                                        5'510'000, 6'503'000, 7'503'000}));
}

TEST(Link, ChangingTheQueueKeepsWhatWaits) {
  Line line({.rate_bps = 1'000'000, .queue_packets = 10});
  for (int i = 0; i < 8; ++i) line.send(kA, 0_ms, i);
  line.change(Duration::us(500), LinkSide::both, {.queue_packets = 4});
  line.run();
  std::vector<int64_t> tags;
  for (const auto& e : line.b.events) tags.push_back(to_message(e).tag);
  EXPECT_EQ(tags, (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(line.drops.size(), 4u);
}

TEST(Link, RefusesWhatMakesNoSense) {
  const auto build = [](LinkParameters p) { Line line(p); };
  EXPECT_THROW(build({.rate_bps = -1}), ConfigError);
  EXPECT_THROW(build({.latency = -(1_ms)}), ConfigError);
  EXPECT_THROW(build({.loss = 1.5}), ConfigError);
  EXPECT_THROW(build({.loss = NAN}), ConfigError);
  EXPECT_THROW(build({.bursts = GilbertElliott{.good_to_bad = 2}}), ConfigError);
  EXPECT_THROW(build({.queue_packets = -1}), ConfigError);
  EXPECT_THROW(Link({.id = kLink, .name = "x", .a = kA, .b = kA}), ConfigError);
  EXPECT_THROW(build({.corrupt = 1.1}), ConfigError);
  EXPECT_THROW(build({.loss_correlation = 1.0}), ConfigError);
  EXPECT_THROW(build({.states = FourState{.p13 = 0.6, .p14 = 0.6}}), ConfigError);
  EXPECT_THROW(build({.burst_bytes = 1000}), ConfigError);
  EXPECT_THROW(build({.rate_bps = 8000, .peak_rate_bps = 9000}), ConfigError);
  EXPECT_THROW(build({.discipline = QueueDiscipline::red}), ConfigError);
  EXPECT_THROW(build({.classes = {{.name = "a", .parent = "b", .rate_bps = 1}}}), ConfigError);
  EXPECT_THROW(build({.classes = {{.name = "a", .rate_bps = 2, .ceil_bps = 1}}}), ConfigError);
  Line line({});
  EXPECT_THROW(line.link.add_patch({.loss = 2.0}), ConfigError);
}

}  // namespace
}  // namespace xedgesim::net
