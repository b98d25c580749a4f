#include "nodes/model_node.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "../net/harness.h"
#include "net/mqttsn/codec.h"
#include "net/radio/channel.h"
#include "net/traffic/frame_sink.h"
#include "nodes/codes.h"
#include "nodes/report.h"

namespace xedgesim::nodes {
namespace {

using net::Harness;
using sim::ParticipantId;

constexpr ParticipantId kAir{0}, kGateway{1}, kNode{2}, kOutside{3};

net::ieee802154::MacConfig mac(ParticipantId self, std::string name, uint16_t address) {
  return {.self = self,
          .channel = kAir,
          .name = std::move(name),
          .seed = 7,
          .pan_id = 1,
          .short_address = address};
}

ModelNode::Config node_config(Duration first = Duration::s(1), Duration interval = Duration::s(1)) {
  ModelNode::Config c;
  c.mac = mac(kNode, "node", 1);
  c.mac.rx_on_when_idle = false;
  c.first = first;
  c.interval = interval;
  c.payload = std::make_unique<PlainPayload>(64);
  return c;
}

/// One node, one gateway 10 m away.
class World {
 public:
  explicit World(ModelNode::Config config)
      : channel_({.id = kAir, .seed = 7}, std::make_unique<net::LogDistance>(),
                 {{{.id = kGateway}, "gateway"}, {{.id = kNode, .x_m = 10}, "node"}}),
        gateway_(mac(kGateway, "gateway", 0)),
        node(std::move(config)) {
    harness.add(kAir, channel_);
    harness.add(kGateway, gateway_);
    harness.add(kNode, node);
    harness.add(kOutside, outside_);
    node.on_report.connect([this](const ModelNode::Report& r) { reports.push_back(r); });
    node.on_confirm.connect(
        [this](uint32_t, const net::ieee802154::TxReport& r, SimTime) { confirms.push_back(r); });
    gateway_.received.connect([this](SimTime, const net::ieee802154::RxFrame& f) {
      payloads.emplace_back(f.frame.payload.begin(), f.frame.payload.end());
    });
  }
  void control(Duration at, ControlCode code) {
    harness.post(kOutside, {.time = SimTime::at(at),
                            .kind = sim::EventKind::control,
                            .target = kNode,
                            .code = static_cast<uint32_t>(code)});
  }
  void run(Duration d) { harness.run_until(SimTime::at(d)); }

  Harness harness;

 private:
  net::Channel channel_;
  net::FrameSink gateway_;
  net::Probe outside_;

 public:
  ModelNode node;
  std::vector<ModelNode::Report> reports;
  std::vector<net::ieee802154::TxReport> confirms;
  std::vector<sim::Bytes> payloads;
};

TEST(ModelNode, ReportsAtItsPhaseAndIntervalAndTheGatewayGetsThem) {
  auto config = node_config(Duration::ms(1250), Duration::ms(500));
  config.reports = 3;
  World w(std::move(config));
  w.run(Duration::s(10));
  ASSERT_EQ(w.reports.size(), 3u);
  for (int k = 0; k < 3; ++k)
    EXPECT_EQ(w.reports[static_cast<size_t>(k)].requested, SimTime::at(Duration::ms(1250 + 500 * k)));
  ASSERT_EQ(w.payloads.size(), 3u);
  EXPECT_EQ(w.payloads[2].size(), 64u);
  EXPECT_EQ(plain_sequence(w.payloads[2]), 2u);
  EXPECT_EQ(w.confirms.size(), 3u);
}

TEST(ModelNode, JitterDelaysEachReportWithinItsBoundAndDoesNotAddUp) {
  auto config = node_config();
  config.jitter = Duration::ms(200);
  World w(std::move(config));
  w.run(Duration::s(101));
  ASSERT_GE(w.reports.size(), 100u);
  double sum = 0;
  for (size_t k = 0; k < 100; ++k) {
    const Duration late = w.reports[k].requested - SimTime::at(Duration::s(1 + static_cast<int64_t>(k)));
    EXPECT_GE(late, Duration());
    EXPECT_LT(late, Duration::ms(200));
    sum += late.count_ms();
  }
  EXPECT_NEAR(sum / 100, 100, 20);  // uniform: standard error 5.8
}

TEST(ModelNode, EnergyIsCurrentTimesTime) {
  auto config = node_config();
  config.reports = 1;
  config.compute = Duration::ms(2);
  config.samples_per_s = 1000;
  config.currents = {.supply_v = 3,
                     .sleep = 1e-6,
                     .cpu = 3e-3,
                     .sampling = 4e-4,
                     .conversion = 1e-3,
                     .tx = 6e-3,
                     .rx = 7e-3};
  World w(std::move(config));
  w.run(Duration::s(10));
  const SimTime t = SimTime::at(Duration::s(10));
  const auto u = w.node.usage(t);
  EXPECT_EQ(u.on, Duration::s(10));
  EXPECT_EQ(u.computing, Duration::ms(2));
  EXPECT_EQ(u.converting, Duration::ms(120));              // 10,000 samples of 12 us
  EXPECT_EQ(u.transmitting, Duration::us(192 + 32 * 75));  // 64 bytes in a PSDU of 75
  EXPECT_EQ(u.receiving, Duration::us(128 + 192 + 352));   // CCA, turnaround, acknowledgement
  EXPECT_NEAR(w.node.charge_c(t),
              9.998 * 1e-6 + 0.002 * 3e-3 + 10 * 4e-4 + 0.12 * 1e-3 + 0.002592 * 6e-3 + 0.000672 * 7e-3,
              1e-12);
}

TEST(ModelNode, AnEmptyBatterySwitchesItOff) {
  auto config = node_config();
  config.currents = {.supply_v = 3, .sleep = 1e-3};
  config.battery_c = 0.0105;  // 10.5 s
  World w(std::move(config));
  w.run(Duration::s(30));
  EXPECT_EQ(w.reports.size(), 10u);
  EXPECT_EQ(w.node.depleted_at(), SimTime::at(Duration::s(11)));
  EXPECT_EQ(w.node.usage(SimTime::at(Duration::s(30))).on, Duration::s(11));
}

TEST(ModelNode, PowerOffLosesReportsAndPowerOnBringsItBack) {
  World w(node_config());
  w.control(Duration::ms(2500), ControlCode::power_off);
  w.control(Duration::ms(5500), ControlCode::power_on);
  w.run(Duration::ms(8500));
  std::vector<uint32_t> numbers;
  for (const auto& r : w.reports) numbers.push_back(r.sequence);
  EXPECT_EQ(numbers, (std::vector<uint32_t>{0, 1, 5, 6, 7}));
  EXPECT_EQ(w.payloads.size(), 5u);
}

TEST(ModelNode, ShieldedItIsHeardByNobody) {
  World w(node_config());
  w.control(Duration::ms(2500), ControlCode::shield_on);
  w.control(Duration::ms(5500), ControlCode::shield_off);
  w.run(Duration::ms(8500));
  EXPECT_EQ(w.reports.size(), 8u);
  EXPECT_EQ(w.payloads.size(), 5u);
  EXPECT_EQ(w.confirms[3].status, net::ieee802154::TxStatus::no_ack);
  EXPECT_EQ(w.confirms[3].transmissions, 4);
}

TEST(ModelNode, VibrationReportsAreThoseOfTheFirmware) {
  const auto library = std::make_shared<const ml::VibrationLibrary>(7, 1000, 1000);
  ml::VibrationSignal truth(7, "node");
  auto config = node_config();
  config.payload = std::make_unique<VibrationPayload>(library, truth, 7, "node");
  config.window = Duration::s(1);
  World w(std::move(config));
  w.run(Duration::ms(4500));
  ASSERT_EQ(w.payloads.size(), 4u);
  const auto message = net::mqttsn::decode(w.payloads[3]);
  ASSERT_TRUE(message);
  const auto& publish = std::get<net::mqttsn::Publish>(*message);
  EXPECT_EQ(publish.topic_id, 1);
  EXPECT_EQ(publish.qos, -1);
  const auto report = VibrationReport::decode(publish.data);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->sequence, 3);
  EXPECT_EQ(report->window_end_ms, 4000u);
  EXPECT_EQ(report->flags, 0);
  EXPECT_EQ(VibrationReport::decode(std::get<net::mqttsn::Publish>(*net::mqttsn::decode(w.payloads[0])).data)
                ->flags,
            VibrationReport::kFirst);
}

TEST(VibrationLibrary, EachStateHasItsOwnWindowsAndTheSeedDecides) {
  const ml::VibrationLibrary a(7, 1000, 1000), b(7, 1000, 1000), c(8, 1000, 1000);
  const auto same = [](const ml::VibrationLibrary& x, const ml::VibrationLibrary& y, ml::Label l,
                       uint32_t k) {
    const auto p = x.window(l, k), q = y.window(l, k);
    return std::equal(p.begin(), p.end(), q.begin());
  };
  for (uint32_t k = 0; k < 32; ++k) {
    EXPECT_TRUE(same(a, b, ml::Label::ball, k));
    EXPECT_FALSE(same(a, c, ml::Label::ball, k));
    EXPECT_TRUE(same(a, a, ml::Label::healthy, k + 32));
  }
}

}  // namespace
}  // namespace xedgesim::nodes
