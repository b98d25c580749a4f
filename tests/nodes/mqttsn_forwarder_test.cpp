// The wired side of a border gateway: what it puts on the cable, and what it takes from there.
#include "nodes/mqttsn_forwarder.h"

#include <gtest/gtest.h>

#include "net/mqttsn/codec.h"

namespace xedgesim::nodes {
namespace {

using net::ethernet::Mac;

struct Posted final : sim::EventContext {
  SimTime now() const override { return SimTime::at(Duration::ms(5)); }
  uint64_t post(sim::Event e) override {
    events.push_back(std::move(e));
    return events.size();
  }
  std::vector<sim::Event> events;
};

const MqttsnForwarder::Config kConfig{.cable = sim::ParticipantId{7},
                                      .mac = Mac{0x020000000001},
                                      .gateway_mac = Mac{0x020000000002},
                                      .ip = 0x0a000001,
                                      .gateway_ip = 0x0a000002};

sim::Event frame(Mac to, uint16_t type, const sim::Bytes& payload) {
  return net::frame_event(std::make_shared<const sim::Bytes>(net::ethernet::build(
                              {.destination = to, .source = kConfig.gateway_mac, .type = type}, payload)),
                          SimTime::zero(), sim::ParticipantId{1}, 0);
}

/// As the gateway of the machine answers (apps/edge-service/mqttsn_gateway.cpp).
sim::Bytes answer(uint16_t node, uint16_t port) {
  sim::Bytes d{
      5, 0xfe, 0,  static_cast<uint8_t>(node >> 8), static_cast<uint8_t>(node), 9, 0x0c, 0x61, 0, 16, 0,
      0, 'o',  'k'};
  return net::ethernet::udp_packet(
      {.from_ip = kConfig.gateway_ip, .to_ip = kConfig.ip, .from_port = 10'000, .to_port = port}, 1, d);
}

TEST(MqttsnForwarder, EncapsulatesWhatANodePublishes) {
  MqttsnForwarder f(kConfig);
  Posted cable;
  f.publish(0x1234, 1, {9, 8, 7}, cable);
  ASSERT_EQ(cable.events.size(), 1u);
  EXPECT_EQ(cable.events[0].target, kConfig.cable);
  const auto header = net::ethernet::parse(*cable.events[0].data);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->destination, kConfig.gateway_mac);
  const auto udp =
      net::ethernet::parse_udp(std::span<const uint8_t>(*cable.events[0].data).subspan(header->size));
  ASSERT_TRUE(udp);
  EXPECT_EQ(udp->addresses.to_ip, kConfig.gateway_ip);
  EXPECT_EQ(udp->addresses.to_port, 10'000);
  const std::vector<uint8_t> expected{5,  0xfe, 0,    0x12, 0x34,                  // MQTT-SN 1.2, 5.5
                                      10, 0x0c, 0x61, 0,    1,    0, 0, 9, 8, 7};  // 5.4.12
  EXPECT_EQ(std::vector<uint8_t>(udp->data.begin(), udp->data.end()), expected);
}

TEST(MqttsnForwarder, TakesWhatIsPublishedToANode) {
  MqttsnForwarder f(kConfig);
  Posted cable;
  const auto p = f.receive(frame(kConfig.mac, 0x0800, answer(0x0203, 10'000)), cable);
  ASSERT_TRUE(p);
  EXPECT_EQ(p->node, 0x0203);
  EXPECT_EQ(p->topic, 16);
  EXPECT_EQ(p->data, (sim::Bytes{'o', 'k'}));
  EXPECT_TRUE(cable.events.empty());
}

TEST(MqttsnForwarder, LeavesTheRestAlone) {
  MqttsnForwarder f(kConfig);
  Posted cable;
  EXPECT_FALSE(f.receive(frame(Mac{0x020000000009}, 0x0800, answer(1, 10'000)), cable)) << "for another host";
  EXPECT_FALSE(f.receive(frame(kConfig.mac, 0x0800, answer(1, 53)), cable)) << "another port";
  auto spoiled = answer(1, 10'000);
  spoiled[40] ^= 1;
  EXPECT_FALSE(f.receive(frame(kConfig.mac, 0x0800, spoiled), cable)) << "a wrong checksum";
  EXPECT_FALSE(f.receive(frame(kConfig.mac, 0x86dd, answer(1, 10'000)), cable)) << "IPv6";
  EXPECT_TRUE(cable.events.empty());
}

TEST(MqttsnForwarder, AnswersArp) {
  MqttsnForwarder f(kConfig);
  Posted cable;
  const sim::Bytes request{0,  1, 8, 0, 6, 4, 0, 1, 2, 0, 0,  0, 0, 2,
                           10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1};
  EXPECT_FALSE(f.receive(frame(net::ethernet::kBroadcast, 0x0806, request), cable));
  ASSERT_EQ(cable.events.size(), 1u);
  EXPECT_EQ(net::ethernet::parse(*cable.events[0].data)->destination, kConfig.gateway_mac);
}

}  // namespace
}  // namespace xedgesim::nodes
