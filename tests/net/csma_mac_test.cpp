#include "net/ieee802154/csma_mac.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "harness.h"
#include "net/radio/channel.h"

namespace xedgesim::net::ieee802154 {
namespace {

using sim::ParticipantId;

constexpr ParticipantId kChannel{0};
constexpr uint32_t kSend = 1;

// A node with nothing but a MAC. A timer event makes it send: args destination, payload bytes, ack request.
class Node final : public sim::EventParticipant, private MacUser {
 public:
  struct Received {
    SimTime time;
    Header header;
    size_t payload;
  };
  explicit Node(MacConfig c) : mac(std::move(c), *this) {}
  void start(sim::EventContext& context) override { mac.start(context); }
  void handle(const sim::Event& e, sim::EventContext& context) override {
    if (mac.handle(e, context)) return;
    ASSERT_EQ(e.code, kSend);
    mac.send(static_cast<uint16_t>(e.args[0]), sim::Bytes(static_cast<size_t>(e.args[1]), 9), e.args[2] != 0,
             context);
  }
  CsmaMac mac;
  std::vector<Received> received;
  std::vector<std::pair<SimTime, TxReport>> reports;

 private:
  void mac_received(const RxFrame& f, sim::EventContext& context) override {
    received.push_back({context.now(), f.frame.header, f.frame.payload.size()});
  }
  void mac_confirmed(const TxReport& r, sim::EventContext& context) override {
    reports.emplace_back(context.now(), r);
  }
};

// Nodes 1, 2, ... with address = number, `loss_db` apart; a silent one can be told to make noise.
class Net {
 public:
  explicit Net(int n, MacConfig common = {}, double loss_db = 60, int silent = 0) {
    auto losses = std::make_unique<LossMatrix>();
    std::vector<ChannelStation> stations;
    for (int i = 1; i <= n; ++i) {
      for (int j = 1; j < i; ++j) losses->set(id(i), id(j), loss_db);
      stations.push_back({{.id = id(i)}, fmt::format("n{}", i)});
    }
    channel_ = std::make_unique<Channel>(ChannelConfig{.id = kChannel}, std::move(losses), stations);
    channel_->transmission_began.connect([this](const TransmissionRecord& r) { air.push_back(r); });
    harness_.add(kChannel, *channel_);
    for (int i = 1; i <= n; ++i) {
      MacConfig c = common;
      c.self = id(i);
      c.channel = kChannel;
      c.name = fmt::format("n{}", i);
      c.pan_id = 7;
      c.first_sequence = 0;
      c.short_address = static_cast<uint16_t>(i);
      if (i == 2) c.rx_on_when_idle = true;  // there is always somebody awake
      nodes_.push_back(std::make_unique<Node>(c));
      if (i == silent)
        harness_.add(id(i), probe);
      else
        harness_.add(id(i), *nodes_.back());
    }
  }
  void send(int from, Duration when, int to, int64_t payload = 64, bool ack = true) {
    harness_.post(id(from), sim::Event{.time = SimTime::at(when),
                                       .kind = sim::EventKind::timer,
                                       .target = id(from),
                                       .code = kSend,
                                       .args = {to, payload, ack},
                                       .data = nullptr});
  }
  void radio(int from, Duration when, air::Code code, std::array<int64_t, 4> args, sim::Bytes psdu = {}) {
    harness_.post(id(from), air::make(code, sim::EventKind::state, SimTime::at(when), kChannel, args,
                                      psdu.empty() ? nullptr : std::make_shared<sim::Bytes>(psdu)));
  }
  void run(Duration until = Duration::s(100)) { harness_.run_until(SimTime::at(until)); }
  Node& node(int i) { return *nodes_[static_cast<size_t>(i - 1)]; }
  static ParticipantId id(int i) { return ParticipantId(static_cast<uint32_t>(i)); }
  std::vector<TransmissionRecord> air;
  Probe probe;

 private:
  Harness harness_;
  std::unique_ptr<Channel> channel_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

TEST(CsmaMac, AnUncontendedFrameTakesBackoffCcaTurnaroundAndAirtime) {
  Net net(2);
  const int n = 4000;
  for (int i = 0; i < n; ++i) net.send(1, Duration::ms(20 * i), 2);
  net.run();
  ASSERT_EQ(net.node(2).received.size(), static_cast<size_t>(n));
  std::array<int, 8> slots{};
  double mean_us = 0;
  for (int i = 0; i < n; ++i) {
    const Duration latency =
        net.node(2).received[static_cast<size_t>(i)].time - SimTime::at(Duration::ms(20 * i));
    const Duration backoff = latency - air::kCcaTime - kTurnaround - air::frame_duration(75);
    ASSERT_EQ(backoff % kUnitBackoff, Duration());
    ++slots.at(static_cast<size_t>(backoff / kUnitBackoff));
    mean_us += latency.count_us() / n;
  }
  for (int s : slots) EXPECT_NEAR(s, n / 8, 100);
  EXPECT_NEAR(mean_us, 4032, 60);
}

TEST(CsmaMac, TheAcknowledgementFollowsATurnaroundLater) {
  Net net(2);
  net.send(1, Duration::ms(1), 2);
  net.run();
  ASSERT_EQ(net.air.size(), 2u);
  EXPECT_EQ(net.air[1].source, Net::id(2));
  EXPECT_EQ(net.air[1].start, net.air[0].end + Duration::us(192));
  EXPECT_EQ(net.air[1].end - net.air[1].start, Duration::us(352));
  ASSERT_EQ(net.node(1).reports.size(), 1u);
  const auto& [when, report] = net.node(1).reports[0];
  EXPECT_EQ(when, net.air[1].end);
  EXPECT_EQ(report.status, TxStatus::success);
  EXPECT_EQ(report.transmissions, 1);
  EXPECT_EQ(net.node(2).mac.statistics().acks_sent, 1u);
  EXPECT_EQ(net.node(1).mac.statistics().acks_received, 1u);
}

TEST(CsmaMac, WithoutAnAnswerItTriesFourTimesAndGivesUp) {
  Net net(2);
  net.send(1, Duration::ms(1), 9);
  net.run();
  EXPECT_EQ(net.air.size(), 4u);
  ASSERT_EQ(net.node(1).reports.size(), 1u);
  EXPECT_EQ(net.node(1).reports[0].second.status, TxStatus::no_ack);
  EXPECT_EQ(net.node(1).reports[0].second.transmissions, 4);
  EXPECT_EQ(net.node(1).reports[0].first, net.air[3].end + kAckWait);
  for (size_t i = 1; i < 4; ++i) {
    const Duration gap = net.air[i].start - net.air[i - 1].end;
    EXPECT_EQ((gap - kAckWait - air::kCcaTime - kTurnaround) % kUnitBackoff, Duration());
    EXPECT_EQ(*net.air[i].psdu, *net.air[0].psdu);
  }
  EXPECT_TRUE(net.node(2).received.empty());
}

TEST(CsmaMac, ABusyChannelEndsInAnAccessFailureAfterFiveCcas) {
  Net net(3, {}, 60, 3);
  for (int i = 0; i < 40; ++i)
    net.radio(3, Duration::us(4256 * i), air::Code::tx_start, {2480, 0}, sim::Bytes(127, 1));
  net.send(1, Duration::ms(1), 2);
  net.run();
  ASSERT_EQ(net.node(1).reports.size(), 1u);
  EXPECT_EQ(net.node(1).reports[0].second.status, TxStatus::channel_access_failure);
  EXPECT_EQ(net.node(1).reports[0].second.cca_attempts, 5);
  EXPECT_EQ(net.node(1).reports[0].second.transmissions, 0);
  EXPECT_EQ(net.node(1).mac.statistics().cca_busy, 5u);
}

TEST(CsmaMac, AnAcknowledgementOfAnotherNumberMakesItTryAgainAtOnce) {
  Net net(3, {}, 60, 2);
  net.send(1, Duration::ms(1), 2);
  net.run(Duration::ms(9));
  ASSERT_GE(net.air.size(), 1u);
  Net again(3, {}, 60, 2);
  again.send(1, Duration::ms(1), 2);
  const Duration end = net.air[0].end.since_start();
  again.radio(2, end + kTurnaround, air::Code::tx_start, {2480, 0}, build_ack(200));
  again.run();
  EXPECT_EQ(again.node(1).mac.statistics().wrong_acks, 1u);
  ASSERT_GE(again.air.size(), 3u);
  const Duration gap = again.air[2].start - again.air[1].end;
  EXPECT_EQ((gap - air::kCcaTime - kTurnaround) % kUnitBackoff, Duration());
  EXPECT_LE(gap, 7 * kUnitBackoff + air::kCcaTime + kTurnaround);
}

TEST(CsmaMac, FramesToEverybodyAreNotAcknowledged) {
  Net net(3);
  net.send(1, Duration::ms(1), kBroadcast);
  net.run();
  EXPECT_EQ(net.air.size(), 1u);
  EXPECT_EQ(net.node(2).received.size(), 1u);
  EXPECT_EQ(net.node(3).received.size(), 1u);
  EXPECT_EQ(net.node(1).reports.at(0).second.status, TxStatus::success);
  EXPECT_EQ(net.node(1).reports.at(0).first, net.air[0].end);
}

TEST(CsmaMac, TheQueueGoesOutInOrderWithInterFrameSpaces) {
  Net net(2, {.queue_limit = 3});
  for (int i = 0; i < 5; ++i) net.send(1, Duration::ms(1), 2, 10 + i, false);
  net.run();
  ASSERT_EQ(net.air.size(), 3u);
  for (size_t i = 1; i < 3; ++i)
    EXPECT_GE(net.air[i].start - net.air[i - 1].end, kLifs + air::kCcaTime + kTurnaround);
  ASSERT_EQ(net.node(1).reports.size(), 5u);
  EXPECT_EQ(net.node(1).reports[0].second.status, TxStatus::queue_full);
  EXPECT_EQ(net.node(1).reports[1].second.status, TxStatus::queue_full);
  const auto& got = net.node(2).received;
  ASSERT_EQ(got.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(got[i].payload, 10 + i);
    EXPECT_EQ(got[i].header.sequence, i);
  }
}

TEST(CsmaMac, BothEndsMaySendAtOnce) {
  Net net(2);
  const int n = 200;
  for (int i = 0; i < n; ++i) {
    net.send(1, Duration::ms(20 * i), 2);
    net.send(2, Duration::ms(20 * i), 1);
  }
  net.run();
  for (int i : {1, 2}) {
    const auto& s = net.node(i).mac.statistics();
    EXPECT_EQ(s.confirmed_ok + s.no_ack + s.access_failures, static_cast<uint64_t>(n));
    EXPECT_GT(s.confirmed_ok, static_cast<uint64_t>(n) * 9 / 10);
    EXPECT_EQ(net.node(i).reports.size(), static_cast<size_t>(n));
  }
}

TEST(CsmaMac, DuplicatesAreAcknowledgedButKeptBackWhenAsked) {
  for (const bool suppress : {false, true}) {
    Net net(2, {.suppress_duplicates = suppress}, 60, 1);
    const sim::Bytes psdu = build({.ack_request = true,
                                   .sequence = 5,
                                   .destination = Address::make_short(7, 2),
                                   .source = Address::make_short(7, 1)},
                                  {});
    net.radio(1, Duration::ms(1), air::Code::tx_start, {2480, 0}, psdu);
    net.radio(1, Duration::ms(5), air::Code::tx_start, {2480, 0}, psdu);
    net.run();
    EXPECT_EQ(net.node(2).received.size(), suppress ? 1u : 2u);
    EXPECT_EQ(net.node(2).mac.statistics().acks_sent, 2u);
  }
}

TEST(CsmaMac, ASleepyNodeGetsItsAcknowledgementAndHearsNothingElse) {
  Net net(2, {.rx_on_when_idle = false});
  for (int i = 0; i < 10; ++i) {
    net.send(1, Duration::ms(1 + 100 * i), 2);
    net.send(2, Duration::ms(50 + 100 * i), kBroadcast);
  }
  net.run();
  EXPECT_EQ(net.node(2).received.size(), 10u);
  EXPECT_TRUE(net.node(1).received.empty());
  EXPECT_EQ(net.node(1).mac.statistics().confirmed_ok, 10u);
  EXPECT_EQ(net.node(1).mac.statistics().retries, 0u);
}

TEST(CsmaMac, SequenceNumbersBeginAnywhereSoThatForeignAcknowledgementsRarelyFit) {
  Harness harness;
  Probe medium;
  harness.add(kChannel, medium);
  std::vector<std::unique_ptr<Node>> nodes;
  for (int i = 1; i <= 40; ++i) {
    nodes.push_back(std::make_unique<Node>(
        MacConfig{.self = Net::id(i), .channel = kChannel, .name = fmt::format("n{}", i)}));
    harness.add(Net::id(i), *nodes.back());
    harness.post(Net::id(i), sim::Event{.time = SimTime::zero(),
                                        .kind = sim::EventKind::timer,
                                        .target = Net::id(i),
                                        .code = kSend,
                                        .args = {1, 4, 0},
                                        .data = nullptr});
    harness.post(kChannel, air::make(air::Code::cca_result, sim::EventKind::delivery,
                                     SimTime::at(Duration::ms(9)), Net::id(i), {0, 0, 0, 1}));
  }
  harness.run_until(SimTime::at(Duration::s(1)));
  std::set<uint8_t> numbers;
  for (const auto& e : medium.events)
    if (e.code == static_cast<uint32_t>(air::Code::tx_start)) numbers.insert(e.data->at(2));
  EXPECT_GT(numbers.size(), 30u);
}

TEST(CsmaMac, RefusesValuesOutsideTheStandard) {
  class Nobody final : public MacUser {
    void mac_received(const RxFrame&, sim::EventContext&) override {}
    void mac_confirmed(const TxReport&, sim::EventContext&) override {}
  } nobody;
  EXPECT_THROW(CsmaMac({.radio_channel = 10}, nobody), ConfigError);
  EXPECT_THROW(CsmaMac({.radio_channel = 27}, nobody), ConfigError);
  EXPECT_THROW(CsmaMac({.min_be = 6}, nobody), ConfigError);
  EXPECT_THROW(CsmaMac({.max_be = 9}, nobody), ConfigError);
  EXPECT_THROW(CsmaMac({.max_csma_backoffs = 6}, nobody), ConfigError);
  EXPECT_THROW(CsmaMac({.max_frame_retries = 8}, nobody), ConfigError);
  EXPECT_THROW(CsmaMac({.queue_limit = 0}, nobody), ConfigError);
  EXPECT_THROW(CsmaMac({.tx_power_dbm = NAN}, nobody), ConfigError);
  EXPECT_EQ(frequency_mhz(11), 2405);
  EXPECT_EQ(frequency_mhz(26), 2480);
  Net net(2);
  net.send(1, Duration::ms(1), 2, 117);
  EXPECT_THROW(net.run(), SimulationError);
}

}  // namespace
}  // namespace xedgesim::net::ieee802154
