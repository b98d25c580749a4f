#include "nodes/traffic_host.h"

#include <gtest/gtest.h>

#include <cmath>

#include "../net/harness.h"
#include "net/link/link.h"

namespace xedgesim::nodes {
namespace {

using namespace literals;
using net::ethernet::Mac;

constexpr sim::ParticipantId kLink{0}, kA{1}, kB{2};
constexpr Mac kMacA{0x525400000001}, kMacB{0x525400000002};

/// Two hosts and a cable.
class Pair {
 public:
  Pair(std::vector<TrafficFlow> flows, net::LinkParameters forward = {}, uint16_t vlan = 0)
      : cable({.id = kLink, .name = "cable", .a = kA, .b = kB, .a_to_b = forward, .tells_carrier = true}),
        a({.self = kA,
           .name = "a",
           .mac = kMacA,
           .ip = 0x0a000001,
           .vlan = vlan,
           .cable = kLink,
           .flows = std::move(flows)}),
        b({.self = kB, .name = "b", .mac = kMacB, .ip = 0x0a000002, .vlan = vlan, .cable = kLink}) {
    harness.add(kLink, cable);
    harness.add(kA, a);
    harness.add(kB, b);
    for (TrafficHost* h : {&a, &b})
      h->on_received.connect([this](const TrafficHost::Received& r) { received.push_back(r); });
    a.on_sent.connect([this](const TrafficHost::Sent& s) { sent.push_back(s); });
  }
  net::Link cable;
  TrafficHost a, b;
  net::Harness harness;
  std::vector<TrafficHost::Sent> sent;
  std::vector<TrafficHost::Received> received;
};

TrafficFlow flow(TrafficFlow::Pattern pattern, Duration interval) {
  TrafficFlow f;
  f.id = 5;
  f.name = "f";
  f.pattern = pattern;
  f.to = kMacB;
  f.to_ip = 0x0a000002;
  f.interval = interval;
  f.frame_bytes = 500;
  return f;
}

TEST(TrafficHost, ConstantRateArrivesWholeAndOnTime) {
  TrafficFlow f = flow(TrafficFlow::Pattern::constant, 1_ms);
  f.start = SimTime::at(10_ms);
  f.stop = SimTime::at(20_ms);
  Pair p({f}, {.rate_bps = 4'000'000, .latency = 2_ms});
  p.harness.run_until(SimTime::at(1_s));
  ASSERT_EQ(p.received.size(), 10u);
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(p.received[i].sequence, i);
    EXPECT_EQ(p.received[i].flow, 5u);
    EXPECT_EQ(p.received[i].bytes, 500);
    EXPECT_EQ(p.received[i].time - p.received[i].sent, 3_ms);  // 500 bytes at 4 Mbit/s, then the latency
  }
}

TEST(TrafficHost, PoissonHasItsMeanAndItsVariance) {
  Pair p({flow(TrafficFlow::Pattern::poisson, 1_ms)});
  p.harness.run_until(SimTime::at(50_s));
  EXPECT_NEAR(static_cast<double>(p.sent.size()), 50'000, 4 * std::sqrt(50'000.0));
  double sum = 0, squares = 0;
  for (size_t i = 1; i < p.sent.size(); ++i) {
    const double gap = (p.sent[i].time - p.sent[i - 1].time).count_ms();
    sum += gap;
    squares += gap * gap;
  }
  const double n = static_cast<double>(p.sent.size() - 1), mean = sum / n;
  EXPECT_NEAR(squares / n - mean * mean, 1, 0.05);
}

TEST(TrafficHost, BurstsComeAtTheirTimes) {
  TrafficFlow f = flow(TrafficFlow::Pattern::bursty, 1_ms);
  f.on = 10_ms;
  f.off = 90_ms;
  Pair p({f});
  p.harness.run_until(SimTime::at(Duration::ms(999)));
  EXPECT_EQ(p.sent.size(), 100u);
  for (const auto& s : p.sent) EXPECT_LT(s.time.count_ns() % 100'000'000, 10'000'000);
}

TEST(TrafficHost, APingGoesThereAndBack) {
  TrafficFlow f = flow(TrafficFlow::Pattern::constant, 100_ms);
  f.type = TrafficFlow::Type::ping;
  Pair p({f}, {.latency = 7_ms}, 12);
  p.harness.run_until(SimTime::at(Duration::ms(950)));
  ASSERT_EQ(p.received.size(), 10u);
  EXPECT_EQ(p.received[3].time - p.received[3].sent, 7_ms);  // the way back takes no time here
}

TEST(TrafficHost, ACorruptedPacketIsNotReceived) {
  Pair p({flow(TrafficFlow::Pattern::constant, 1_ms)}, {.corrupt = 1});
  p.harness.run_until(SimTime::at(2_s));
  // A wrong bit in the Ethernet addresses, the type or a checksum of its own also keeps the packet away; only
  // one in the padding or the source address would not.
  EXPECT_LT(p.received.size(), 40u);
  EXPECT_GT(p.b.counters().bad_checksum, 1800u);
}

TEST(TrafficHost, AFailedHostIsSilentUntilItRecovers) {
  Pair p({flow(TrafficFlow::Pattern::constant, 1_ms)});
  const auto control = [&](Duration when, ControlCode code) {
    p.harness.post(kB, {.time = SimTime::at(when),
                        .kind = sim::EventKind::control,
                        .target = kA,
                        .code = static_cast<uint32_t>(code)});
  };
  control(10_ms, ControlCode::fail);
  control(20_ms, ControlCode::recover);
  p.harness.run_until(SimTime::at(Duration::us(29'500)));
  EXPECT_EQ(p.received.size(), 20u);
}

}  // namespace
}  // namespace xedgesim::nodes
