#include "net/ethernet/switch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/rng.h"
#include "line.h"
#include "net/ethernet/switch_node.h"

namespace xedgesim::net::ethernet {
namespace {

using namespace literals;

sim::SharedBytes frame(Mac to, Mac from, std::initializer_list<Tag> tags = {}, size_t payload = 46,
                       uint16_t type = ether_type::kLocalExperimental) {
  Header h{.destination = to, .source = from, .type = type};
  for (const Tag& t : tags) h.tags[h.tag_count++] = t;
  return std::make_shared<sim::Bytes>(build(h, sim::Bytes(payload, uint8_t{0x5a})));
}

SwitchConfig plain(size_t ports) {
  SwitchConfig c{.name = "sw", .address = Mac{0x0200000000ff}};
  for (size_t i = 0; i < ports; ++i) c.ports.push_back({.name = std::to_string(i + 1)});
  return c;
}

std::vector<int> ports_of(Switch& s, int port, const sim::SharedBytes& f, SimTime now = SimTime::zero()) {
  std::vector<Departure> out;
  s.receive(port, f, now, out);
  std::vector<int> ports;
  for (const Departure& d : out) ports.push_back(d.port);
  return ports;
}

Departure only(Switch& s, int port, const sim::SharedBytes& f, SimTime now = SimTime::zero()) {
  std::vector<Departure> out;
  s.receive(port, f, now, out);
  EXPECT_EQ(out.size(), 1u);
  return out.empty() ? Departure{} : out.front();
}

constexpr Mac kA{0x020000000001}, kB{0x020000000002}, kC{0x020000000003};
using Ports = std::vector<int>;

TEST(EthernetFrame, TagsAreReadAndWritten) {
  const Tag service{.type = ether_type::kServiceTag, .pcp = 5, .vid = 100},
      customer{.pcp = 3, .dei = true, .vid = 7};
  const auto f = frame(kA, kB, {service, customer});
  const auto h = parse(*f);
  ASSERT_TRUE(h);
  EXPECT_EQ(h->destination, kA);
  EXPECT_EQ(h->source, kB);
  ASSERT_EQ(h->tag_count, 2);
  EXPECT_EQ(h->tags[0], service);
  EXPECT_EQ(h->tags[1], customer);
  EXPECT_EQ(h->type, ether_type::kLocalExperimental);
  EXPECT_EQ(h->size, 22u);
  // Known bytes: priority 3, drop eligible, VLAN 7 is 0x7007.
  EXPECT_EQ(sim::Bytes(f->begin() + 12, f->begin() + 20),
            (sim::Bytes{0x88, 0xa8, 0xa0, 0x64, 0x81, 0x00, 0x70, 0x07}));
  EXPECT_EQ(retagged(*f, 2, {}), *frame(kA, kB, {}, 46));
  EXPECT_FALSE(parse(std::span(*f).first(13)));
  EXPECT_FALSE(parse(std::span(*f).first(17)));
  EXPECT_EQ(to_string(kA), "02:00:00:00:00:01");
  EXPECT_EQ(parse_mac("02:00:00:00:00:01"), kA);
  EXPECT_FALSE(parse_mac("02:00:00:00:00:0g"));
  EXPECT_FALSE(parse_mac("02:00:00:00:00"));
}

TEST(EthernetSwitch, LearnsFloodsFiltersAndForgets) {
  SwitchConfig c = plain(3);
  c.ageing = 10_s;
  Switch s(c);
  EXPECT_EQ(ports_of(s, 0, frame(kB, kA)), (Ports{1, 2}));  // unknown
  EXPECT_EQ(ports_of(s, 1, frame(kA, kB)), (Ports{0}));
  EXPECT_EQ(ports_of(s, 0, frame(kB, kA)), (Ports{1}));
  EXPECT_EQ(ports_of(s, 1, frame(kB, kC)), (Ports{}));  // on the same cable
  EXPECT_EQ(ports_of(s, 2, frame(kBroadcast, kC)), (Ports{0, 1}));
  EXPECT_EQ(ports_of(s, 1, frame(kC, kB)), (Ports{2}));  // it has moved
  const SimTime later = SimTime::at(Duration::ms(10'001));
  EXPECT_EQ(s.where(1, kA, SimTime::at(10_s)), 0);
  EXPECT_EQ(ports_of(s, 1, frame(kA, kB), later), (Ports{0, 2}));
  EXPECT_EQ(s.stations(later), 1u);
  std::vector<Departure> out;
  s.carrier(1, false, later, out);
  EXPECT_FALSE(s.where(1, kB, later));
}

TEST(EthernetSwitch, AFullTableFloodsAndHealsByAgeing) {
  SwitchConfig c = plain(2);
  c.table_size = 100;
  c.ageing = 1_s;
  Switch s(c);
  for (uint64_t i = 0; i < 1000; ++i) ports_of(s, 0, frame(kB, Mac{0x020000001000 + i}));
  EXPECT_EQ(s.stations(SimTime::zero()), 100u);
  EXPECT_TRUE(s.where(1, Mac{0x020000001000 + 99}, SimTime::zero()));
  EXPECT_FALSE(s.where(1, Mac{0x020000001000 + 100}, SimTime::zero()));
  ports_of(s, 0, frame(kB, kA), SimTime::at(2_s));
  EXPECT_TRUE(s.where(1, kA, SimTime::at(2_s)));
}

TEST(EthernetSwitch, TheTableAgreesWithAMapUnderRandomUse) {
  MacTable table(500, 10_s);
  std::map<std::pair<uint16_t, uint64_t>, std::pair<int, SimTime>> reference;
  RandomStream r(5, "table", "test");
  for (int i = 0; i < 200'000; ++i) {
    const SimTime now = SimTime::at(Duration::ms(i / 10));
    const auto vlan = static_cast<uint16_t>(1 + r.below(3));
    const uint64_t mac = r.below(120);
    const std::pair key{vlan, mac};
    if (r.chance(0.4)) {
      const int port = static_cast<int>(r.below(8));
      ASSERT_TRUE(table.learn(vlan, Mac{mac}, port, now));
      reference[key] = {port, now};
    } else if (r.chance(0.001)) {
      const int port = static_cast<int>(r.below(8));
      table.flush_port(port);
      std::erase_if(reference, [&](const auto& e) { return e.second.first == port; });
    } else {
      const auto it = reference.find(key);
      const bool there = it != reference.end() && now - it->second.second <= 10_s;
      ASSERT_EQ(table.find(vlan, Mac{mac}, now), there ? std::optional(it->second.first) : std::nullopt);
    }
  }
}

TEST(EthernetSwitch, VlansAreApartAndTagsFollowThePort) {
  SwitchConfig c = plain(5);
  c.ports[0].vlan = {.mode = VlanPort::Mode::access, .vlan = 10};
  c.ports[1].vlan = {.mode = VlanPort::Mode::access, .vlan = 20};
  c.ports[2].vlan = {.mode = VlanPort::Mode::trunk, .native = 20};
  c.ports[2].vlan.carries[10] = c.ports[2].vlan.carries[20] = true;
  c.ports[3].vlan = {.mode = VlanPort::Mode::access, .vlan = 10};
  c.ports[4].vlan = {.mode = VlanPort::Mode::trunk};
  c.ports[4].vlan.carries[30] = true;
  Switch s(c);
  std::vector<Departure> out;
  s.receive(0, frame(kBroadcast, kA), SimTime::zero(), out);
  ASSERT_EQ(out.size(), 2u);  // the trunk and the other access port of VLAN 10
  EXPECT_EQ(*out[0].frame, *frame(kBroadcast, kA, {{.vid = 10}}));
  EXPECT_EQ(*out[1].frame, *frame(kBroadcast, kA));
  // Back from the trunk, tagged with a priority.
  const Departure back = only(s, 2, frame(kA, kB, {{.pcp = 5, .vid = 10}}));
  EXPECT_EQ(back.port, 0);
  EXPECT_EQ(back.priority, 5);
  EXPECT_EQ(*back.frame, *frame(kA, kB));
  // Untagged from the trunk: its native VLAN.
  EXPECT_EQ(only(s, 2, frame(kBroadcast, kC)).port, 1);
  // Not of this port's VLANs, and untagged where there is no native one.
  EXPECT_EQ(ports_of(s, 2, frame(kBroadcast, kC, {{.vid = 30}})), Ports{});
  EXPECT_EQ(ports_of(s, 4, frame(kBroadcast, kC)), Ports{});
  EXPECT_EQ(ports_of(s, 0, frame(kBroadcast, kC, {{.vid = 20}})), Ports{});
  EXPECT_EQ(s.counters(2).vlan_filtered, 1u);
  EXPECT_EQ(s.counters(4).vlan_filtered, 1u);
  EXPECT_EQ(s.counters(0).vlan_filtered, 1u);
  // The same address is another station in another VLAN.
  ports_of(s, 1, frame(kBroadcast, kA));
  EXPECT_EQ(s.where(10, kA, SimTime::zero()), 0);
  EXPECT_EQ(s.where(20, kA, SimTime::zero()), 1);
}

TEST(EthernetSwitch, ATunnelWrapsCustomersTags) {
  SwitchConfig c = plain(3);
  c.ports[0].vlan = {.mode = VlanPort::Mode::tunnel, .vlan = 100};
  c.ports[1].vlan = {.mode = VlanPort::Mode::trunk, .service = true};
  c.ports[1].vlan.carries[100] = true;
  c.ports[2].vlan = {.mode = VlanPort::Mode::tunnel, .vlan = 200};
  Switch s(c);
  const auto customer = frame(kBroadcast, kA, {{.pcp = 3, .vid = 7}});
  const Departure wrapped = only(s, 0, customer);
  EXPECT_EQ(wrapped.port, 1);
  EXPECT_EQ(*wrapped.frame,
            *frame(kBroadcast, kA,
                   {{.type = ether_type::kServiceTag, .pcp = 3, .vid = 100}, {.pcp = 3, .vid = 7}}));
  // Another switch with the same settings takes the tag off again, and the customer gets its own bytes.
  Switch far(c);
  const Departure unwrapped = only(far, 1, wrapped.frame);
  EXPECT_EQ(unwrapped.port, 0);
  EXPECT_EQ(*unwrapped.frame, *customer);
}

TEST(EthernetSwitch, RulesDenyPermitAndRemark) {
  SwitchConfig c = plain(2);
  c.acl = {{.permit = true, .destination_port = 5683, .set_priority = 6},
           {.permit = false, .ports = {0}, .ip_destination = AclRule::Prefix{0x0a000000, 8}, .protocol = 17},
           {.permit = false, .source = kC}};
  Switch s(c);
  sim::Bytes ip{0x45, 0, 0,  36, 0, 0, 0,    0,    64,   17,   0, 0,  192, 168,
                0,    1, 10, 1,  2, 3, 0x30, 0x39, 0x16, 0x33, 0, 16, 0,   0};
  ip.resize(46);
  const auto udp = [&](uint16_t port, Mac from = kA) {
    ip[22] = static_cast<uint8_t>(port >> 8);
    ip[23] = static_cast<uint8_t>(port);
    return std::make_shared<sim::Bytes>(
        build({.destination = kB, .source = from, .type = ether_type::kIpv4}, ip));
  };
  EXPECT_EQ(only(s, 0, udp(5683)).priority, 6);
  EXPECT_EQ(ports_of(s, 0, udp(80)), Ports{});
  EXPECT_EQ(ports_of(s, 1, udp(80)), Ports{0});
  EXPECT_EQ(ports_of(s, 1, frame(kB, kC)), Ports{});
  EXPECT_EQ(s.counters(0).acl_denied, 1u);
  EXPECT_EQ(s.acl().rules()[1].hits, 1u);
}

TEST(EthernetSwitch, StormControlHoldsFloodsToTheirRate) {
  SwitchConfig c = plain(2);
  c.ports[0].storm = {.broadcast_bps = 1'000'000, .unknown_bps = 2'000'000, .burst_bytes = 2000};
  Switch s(c);
  size_t broadcasts = 0, unknown = 0, known = 0;
  ports_of(s, 1, frame(kBroadcast, kB));
  for (int i = 0; i < 10'000; ++i) {
    const SimTime now = SimTime::at(Duration::us(i * 100));
    broadcasts += ports_of(s, 0, frame(kBroadcast, kA, {}, 986), now).size();
    unknown += ports_of(s, 0, frame(kC, kA, {}, 986), now).size();
    known += ports_of(s, 0, frame(kB, kA, {}, 986), now).size();
  }
  // A second of 1000-byte frames, and the burst.
  EXPECT_NEAR(static_cast<double>(broadcasts), 125 + 2, 1);
  EXPECT_NEAR(static_cast<double>(unknown), 250 + 2, 1);
  EXPECT_EQ(known, 10'000u);
}

TEST(EthernetSwitch, AMirrorGetsBothDirectionsAndNothingElse) {
  SwitchConfig c = plain(4);
  c.mirror_from = {0};
  c.mirror_to = 3;
  Switch s(c);
  EXPECT_EQ(ports_of(s, 0, frame(kBroadcast, kA)), (Ports{3, 1, 2}));
  EXPECT_EQ(ports_of(s, 1, frame(kA, kB)), (Ports{0, 3}));
  EXPECT_EQ(ports_of(s, 1, frame(kC, kB)), (Ports{0, 3, 2}));
  EXPECT_EQ(ports_of(s, 2, frame(kB, kC)), (Ports{1}));
  EXPECT_EQ(ports_of(s, 3, frame(kA, kC)), Ports{});  // a listener does not speak
}

TEST(EthernetSwitch, AGroupSharesConversationsAndSurvivesACable) {
  SwitchConfig c = plain(4);
  c.lags = {{{1, 2, 3}}};
  Switch s(c);
  const auto carrier_of = [&](uint64_t i) {
    return only(s, 0, frame(kBroadcast, Mac{0x020000010000 + i})).port;
  };
  std::map<int, int> used;
  for (uint64_t i = 0; i < 3000; ++i) ++used[carrier_of(i)];
  ASSERT_EQ(used.size(), 3u);
  for (const auto& [port, n] : used) EXPECT_NEAR(n, 1000, 120) << port;
  EXPECT_EQ(carrier_of(77), carrier_of(77));
  std::vector<Departure> out;
  s.carrier(2, false, SimTime::zero(), out);
  used.clear();
  for (uint64_t i = 0; i < 3000; ++i) ++used[carrier_of(i)];
  ASSERT_EQ(used.size(), 2u);
  for (const auto& [port, n] : used) EXPECT_NEAR(n, 1500, 150) << port;
}

TEST(EthernetSwitch, AGroupIsOnePortForLearningAndFlooding) {
  SwitchConfig c = plain(4);
  c.lags = {{{1, 2}}};
  Switch s(c);
  // Broadcasts from one member do not come back by the other.
  EXPECT_EQ(ports_of(s, 2, frame(kBroadcast, kB)), (Ports{0, 3}));
  EXPECT_EQ(s.where(1, kB, SimTime::zero()), 1);
  const int cable = only(s, 0, frame(kB, kA)).port;
  EXPECT_TRUE(cable == 1 || cable == 2);
  std::vector<Departure> out;
  s.carrier(cable, false, SimTime::zero(), out);
  const int other = cable == 1 ? 2 : 1;
  // A member without carrier is left out, its stations stay with the group.
  EXPECT_EQ(ports_of(s, 0, frame(kBroadcast, kA)), (Ports{other, 3}));
}

sim::SharedBytes igmp(Mac from, uint8_t type, uint32_t group) {
  sim::Bytes p{0x46, 0xc0, 0, 32, 0,    0, 0, 0, 1,    2, 0, 0, 10, 0, 0, 1,
               0,    0,    0, 0,  0x94, 4, 0, 0, type, 0, 0, 0, 0,  0, 0, 0};
  const auto put = [&](size_t at, uint32_t v) {
    for (int i = 0; i < 4; ++i) p[at + static_cast<size_t>(i)] = static_cast<uint8_t>(v >> (24 - 8 * i));
  };
  put(16, group ? group : 0xe0000001);
  put(28, group);
  uint32_t sum = uint32_t{type} << 8;
  sum += (group >> 16) + (group & 0xffff);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  p[26] = static_cast<uint8_t>(~sum >> 8);
  p[27] = static_cast<uint8_t>(~sum);
  return std::make_shared<sim::Bytes>(build({.destination = Mac{0x01005e000000u | uint64_t{group & 0x7fffff}},
                                             .source = from,
                                             .type = ether_type::kIpv4},
                                            p));
}

TEST(EthernetSwitch, MulticastGoesWhereItWasAskedFor) {
  SwitchConfig c = plain(4);
  c.igmp_snooping = true;
  Switch s(c);
  constexpr uint32_t kGroup = 0xef010203;
  sim::Bytes ip{0x45, 0, 0, 28, 0, 0, 0, 0, 8, 17, 0, 0, 10, 0, 0, 9, 0xef, 1, 2, 3, 0, 1, 0, 2, 0, 8, 0, 0};
  const auto data = std::make_shared<sim::Bytes>(
      build({.destination = Mac{0x01005e010203}, .source = kC, .type = ether_type::kIpv4}, ip));
  EXPECT_EQ(ports_of(s, 0, data), (Ports{1, 2, 3}));  // nobody has asked
  ports_of(s, 2, igmp(kB, 0x16, kGroup));
  EXPECT_EQ(ports_of(s, 0, data), (Ports{2}));
  ports_of(s, 3, igmp(kA, 0x11, 0));  // a router
  EXPECT_EQ(ports_of(s, 0, data), (Ports{2, 3}));
  ports_of(s, 2, igmp(kB, 0x17, kGroup));
  EXPECT_EQ(ports_of(s, 0, data), (Ports{3}));
  ports_of(s, 2, igmp(kB, 0x16, kGroup), SimTime::at(10_s));
  EXPECT_EQ(ports_of(s, 0, data, SimTime::at(271_s)), Ports{});  // everyone has been silent too long
}

TEST(EthernetSwitch, CountsAsRfc2819) {
  Switch s(plain(2));
  for (size_t payload : {46u, 47u, 200u, 500u, 900u, 1500u}) ports_of(s, 0, frame(kB, kA, {}, payload));
  ports_of(s, 0, frame(kBroadcast, kA));
  ports_of(s, 0, frame(Mac{0x01005e000001}, kA));
  ports_of(s, 0, std::make_shared<sim::Bytes>(5));
  std::map<std::string_view, uint64_t> n;
  for (const auto& [name, value] : s.counters(0).named()) n[name] = value;
  EXPECT_EQ(n["etherStatsPkts"], 8u);
  EXPECT_EQ(n["etherStatsOctets"], 64u + 65 + 218 + 518 + 918 + 1518 + 64 + 64);
  EXPECT_EQ(n["etherStatsBroadcastPkts"], 1u);
  EXPECT_EQ(n["etherStatsMulticastPkts"], 1u);
  EXPECT_EQ(n["etherStatsPkts64Octets"], 3u);
  EXPECT_EQ(n["etherStatsPkts65to127Octets"], 1u);
  EXPECT_EQ(n["etherStatsPkts128to255Octets"], 1u);
  EXPECT_EQ(n["etherStatsPkts512to1023Octets"], 2u);
  EXPECT_EQ(n["etherStatsPkts1024to1518Octets"], 1u);
  EXPECT_EQ(n["malformed"], 1u);
  EXPECT_EQ(s.counters(1).out_pkts, 8u);
}

TEST(EthernetSwitch, ReservedAddressesStay) {
  Switch s(plain(2));
  EXPECT_EQ(ports_of(s, 0, frame(Mac{0x0180c2000000}, kA)), Ports{});
  EXPECT_EQ(ports_of(s, 0, frame(Mac{0x0180c200000f}, kA)), Ports{});
  EXPECT_EQ(ports_of(s, 0, frame(Mac{0x0180c2000010}, kA)), Ports{1});
}

TEST(EthernetSwitch, RefusesPortsItDoesNotHave) {
  SwitchConfig c = plain(2);
  c.mirror_to = 2;
  EXPECT_THROW(Switch{c}, ConfigError);
  c = plain(2);
  c.lags = {{{0, 5}}};
  EXPECT_THROW(Switch{c}, ConfigError);
}

// ---- queues of a port -------------------------------------------------------------------------------------

/// Bytes a second each priority gets of a 10 Mbit/s line when all those given have more to send.
std::map<int, double> port_shares(const PortQueues& queues, const std::vector<uint8_t>& busy) {
  constexpr sim::ParticipantId kLink{0}, kIn{1}, kOut{2};
  Link link({.id = kLink,
             .name = "l",
             .a = kIn,
             .b = kOut,
             .a_to_b = {.rate_bps = 10'000'000, .queue_packets = 50},
             .a_queues = queues});
  Harness harness;
  Probe in, out;
  harness.add(kLink, link);
  harness.add(kIn, in);
  harness.add(kOut, out);
  for (int t = 0; t < 2000; ++t)
    for (uint8_t pcp : busy)
      for (int k = 0; k < 2; ++k) {
        sim::Event e = frame_event(frame(kB, kA, {}, 986), SimTime::at(Duration::ms(t)), kLink, 0, pcp);
        e.args[2] = pcp + 1;
        harness.post(kIn, e);
      }
  harness.run_until(SimTime::at(2_s));
  std::map<int, double> shares;
  for (const auto& e : out.events)
    if (e.time > SimTime::at(1_s)) shares[static_cast<int>(e.args[1])] += 8e3;
  return shares;
}

TEST(PortQueues, StrictPrioritiesStarveTheLower) {
  const auto s = port_shares({}, {7, 5, 0});
  EXPECT_NEAR(s.at(7), 10e6, 0.1e6);
  EXPECT_FALSE(s.contains(5));
}

TEST(PortQueues, WeightsShareWhatStrictQueuesLeave) {
  PortQueues q;
  q.queues[7].max_rate_bps = 2'000'000;
  q.queues[5].weight = 3;
  q.queues[0].weight = 1;
  const auto s = port_shares(q, {7, 5, 0});
  EXPECT_NEAR(s.at(7), 2e6, 0.06e6);
  EXPECT_NEAR(s.at(5), 6e6, 0.1e6);
  EXPECT_NEAR(s.at(0), 2e6, 0.1e6);
}

TEST(PortQueues, ThePortsRateHoldsAllTogether) {
  PortQueues q;
  q.max_rate_bps = 4'000'000;
  for (auto& one : q.queues) one.weight = 1;
  const auto s = port_shares(q, {7, 5, 0});
  for (const auto& [pcp, rate] : s) EXPECT_NEAR(rate, 4e6 / 3, 0.1e6) << pcp;
}

// ---- spanning tree ----------------------------------------------------------------------------------------

/// Switches and cables in the harness.
class Fabric {
 public:
  struct Cable {
    size_t a;
    int a_port;
    size_t b;
    int b_port;
  };
  Fabric(size_t switches, int ports, const std::vector<Cable>& cables,
         std::vector<uint16_t> priorities = {}) {
    std::vector<std::vector<sim::ParticipantId>> plugged(
        switches, std::vector<sim::ParticipantId>(static_cast<size_t>(ports), sim::kNobody));
    for (size_t i = 0; i < cables.size(); ++i) {
      const auto id = sim::ParticipantId(static_cast<uint32_t>(100 + i));
      const Cable& c = cables[i];
      plugged[c.a][static_cast<size_t>(c.a_port)] = plugged[c.b][static_cast<size_t>(c.b_port)] = id;
      links.push_back(
          std::make_unique<Link>(LinkConfig{.id = id,
                                            .name = "c" + std::to_string(i),
                                            .a = node(c.a),
                                            .b = node(c.b),
                                            .a_to_b = {.rate_bps = 1'000'000'000, .latency = 1_us},
                                            .b_to_a = {.rate_bps = 1'000'000'000, .latency = 1_us},
                                            .a_port = c.a_port,
                                            .b_port = c.b_port,
                                            .tells_carrier = true}));
      harness.add(id, *links.back());
    }
    for (size_t i = 0; i < switches; ++i) {
      SwitchConfig c = plain(static_cast<size_t>(ports));
      c.address = Mac{0x0200000000a0 + i};
      c.spanning_tree = true;
      if (i < priorities.size()) c.spanning_tree_priority = priorities[i];
      nodes.push_back(std::make_unique<SwitchNode>(node(i), c, plugged[i]));
      harness.add(node(i), *nodes.back());
    }
  }
  static sim::ParticipantId node(size_t i) { return sim::ParticipantId(static_cast<uint32_t>(i)); }
  void run(Duration until) { harness.run_until(SimTime::at(until)); }
  void cut(size_t cable, Duration when, bool up = false) {
    const int64_t patch = links[cable]->add_patch({.up = up});
    harness.post(node(0), link_change(links[cable]->config().id, SimTime::at(when), LinkSide::both,
                                      LinkAction::set, patch));
  }
  /// Cables over which frames pass in both directions.
  std::vector<size_t> open(const std::vector<Cable>& cables) const {
    std::vector<size_t> out;
    const auto forwards = [&](size_t n, int port) {
      return nodes[n]->core().spanning_tree()->state(port) == Rstp::State::forwarding;
    };
    for (size_t i = 0; i < cables.size(); ++i)
      if (forwards(cables[i].a, cables[i].a_port) && forwards(cables[i].b, cables[i].b_port) &&
          links[i]->parameters(Direction::a_to_b).up)
        out.push_back(i);
    return out;
  }
  std::vector<std::unique_ptr<Link>> links;
  std::vector<std::unique_ptr<SwitchNode>> nodes;
  Harness harness;
};

/// The open cables join all switches without a circle.
bool is_tree(size_t switches, const std::vector<Fabric::Cable>& cables, const std::vector<size_t>& open) {
  std::vector<size_t> group(switches);
  for (size_t i = 0; i < switches; ++i) group[i] = i;
  for (size_t c : open) {
    const size_t a = group[cables[c].a], b = group[cables[c].b];
    if (a == b) return false;
    for (size_t& g : group)
      if (g == a) g = b;
  }
  return std::all_of(group.begin(), group.end(), [&](size_t g) { return g == group[0]; });
}

TEST(SpanningTree, ATriangleOpensOnceAndHealsWithinMilliseconds) {
  const std::vector<Fabric::Cable> cables{{0, 0, 1, 0}, {1, 1, 2, 0}, {2, 1, 0, 1}};
  Fabric f(3, 3, cables);
  f.run(10_ms);  // proposals and agreements, no waiting
  EXPECT_EQ(f.open(cables), (std::vector<size_t>{0, 2}));
  for (const auto& n : f.nodes)
    EXPECT_EQ(n->core().spanning_tree()->root(), bridge_id(32768, Mac{0x0200000000a0}));
  EXPECT_EQ(f.nodes[2]->core().spanning_tree()->role(0), Rstp::Role::alternate);
  f.run(100_s);
  EXPECT_EQ(f.open(cables), (std::vector<size_t>{0, 2}));
  f.cut(2, 100_s);
  f.run(Duration::ms(100'010));
  EXPECT_EQ(f.open(cables), (std::vector<size_t>{0, 1}));
  EXPECT_EQ(f.nodes[2]->core().spanning_tree()->root_cost(), 40'000u);
  f.cut(2, 200_s, true);
  f.run(Duration::ms(200'010));
  EXPECT_EQ(f.open(cables), (std::vector<size_t>{0, 2}));
}

TEST(SpanningTree, ThePriorityMakesTheRoot) {
  const std::vector<Fabric::Cable> cables{{0, 0, 1, 0}, {1, 1, 2, 0}, {2, 1, 0, 1}};
  Fabric f(3, 3, cables, {32768, 32768, 4096});
  f.run(5_s);
  EXPECT_EQ(f.open(cables), (std::vector<size_t>{1, 2}));
}

TEST(SpanningTree, ACableOfASwitchToItselfIsBlocked) {
  const std::vector<Fabric::Cable> cables{{0, 0, 0, 1}};
  Fabric f(1, 2, cables);
  f.run(60_s);
  EXPECT_TRUE(f.open(cables).empty());
  EXPECT_EQ(f.nodes[0]->core().spanning_tree()->role(1), Rstp::Role::backup);
}

TEST(SpanningTree, RandomNetworksBecomeTreesAndStaySoWhenCablesFail) {
  RandomStream r(11, "fabric", "test");
  for (int round = 0; round < 20; ++round) {
    const size_t n = 4 + r.below(5);
    std::vector<Fabric::Cable> cables;
    std::vector<int> next(n, 0);
    const auto join = [&](size_t a, size_t b) { cables.push_back({a, next[a]++, b, next[b]++}); };
    // Two ways around, so that one cable may fail.
    for (size_t i = 0; i < n; ++i) join(i, (i + 1) % n);
    for (int extra = 0; extra < 5; ++extra) {
      const size_t a = r.below(static_cast<uint32_t>(n)), b = r.below(static_cast<uint32_t>(n));
      if (a != b) join(a, b);
    }
    Fabric f(n, 16, cables);
    f.run(60_s);
    ASSERT_TRUE(is_tree(n, cables, f.open(cables))) << "round " << round;
    const auto open = f.open(cables);
    f.cut(open[r.below(static_cast<uint32_t>(open.size()))], 60_s);
    f.run(61_s);
    EXPECT_TRUE(is_tree(n, cables, f.open(cables))) << "round " << round << " after a cable failed";
    // No frame circles: what is flooded now dies out.
    const uint64_t before = f.harness.handled();
    f.harness.post(Fabric::node(0), frame_event(frame(kBroadcast, kA), SimTime::at(61_s), Fabric::node(0), 15,
                                                0, sim::EventKind::delivery));
    f.run(Duration::ms(61'500));
    EXPECT_LT(f.harness.handled() - before, 2000u);
  }
}

TEST(SpanningTree, AnEndStationGetsThroughAfterTheEdgeDelay) {
  SwitchConfig c = plain(2);
  c.spanning_tree = true;
  c.ports[0].edge = true;
  Switch s(c);
  std::vector<Departure> out;
  s.start(SimTime::zero(), out);
  EXPECT_EQ(s.spanning_tree()->state(0), Rstp::State::forwarding);
  EXPECT_EQ(s.spanning_tree()->state(1), Rstp::State::discarding);
  for (int t = 1; t <= 3; ++t) s.tick(SimTime::at(Duration::s(t)), out);
  EXPECT_EQ(s.spanning_tree()->state(1), Rstp::State::forwarding);
}

TEST(SpanningTree, BpdusSurviveTheWire) {
  const Bpdu b{
      .vector = {.root = bridge_id(4096, kA), .cost = 20'000, .bridge = bridge_id(32768, kB), .port = 0x8002},
      .role = Bpdu::Role::root,
      .proposal = false,
      .agreement = true,
      .topology_change = true,
      .learning = true,
      .forwarding = true,
      .message_age = 3};
  const sim::Bytes f = build_bpdu(kB, b);
  EXPECT_EQ(parse_bpdu(*parse(f), f), b);
  for (size_t cut = 0; cut < 52; ++cut) {
    const auto part = std::span(f).first(cut);
    const auto h = parse(part);
    EXPECT_FALSE(h && parse_bpdu(*h, part)) << cut;
  }
}

}  // namespace
}  // namespace xedgesim::net::ethernet
