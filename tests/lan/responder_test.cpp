// Addresses and names: DHCP and DNS as a client sees them, byte by byte, and what is none of them.
#include <gtest/gtest.h>
#include <algorithm>

#include "lan_client.h"

namespace xedgesim::lan {
namespace {

TEST(Dhcp, OffersAndGrantsTheFixedAddress) {
  Responder r(config());
  const auto offer = only_answer(r.take(to_server(kA, client_message(kA, {53, 1, 1, 255}))));
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->addresses.from_ip, kServer);
  EXPECT_EQ(offer->addresses.to_ip, 0xffffffffu);
  EXPECT_EQ(offer->addresses.to_port, 68);
  EXPECT_GE(offer->data.size(), 300u);
  EXPECT_EQ(offer->data[0], 2);                                    // BOOTREPLY
  EXPECT_EQ(ethernet::number_at(offer->data, 4, 4), 0xcafe0001u);  // the client's transaction
  EXPECT_EQ(ethernet::number_at(offer->data, 16, 4), kAddressA);   // yiaddr
  EXPECT_EQ(ethernet::number_at(offer->data, 28, 6), static_cast<uint64_t>(kA));
  EXPECT_EQ(option(offer->data, 53), Bytes{2});
  EXPECT_EQ(option(offer->data, 54), (Bytes{192, 168, 100, 1}));
  EXPECT_EQ(option(offer->data, 1), (Bytes{255, 255, 255, 0}));
  EXPECT_EQ(option(offer->data, 28), (Bytes{192, 168, 100, 255}));
  EXPECT_EQ(option(offer->data, 6), (Bytes{192, 168, 100, 1}));
  EXPECT_EQ(text(option(offer->data, 12)), "chassis");
  EXPECT_EQ(text(option(offer->data, 15)), "local");
  EXPECT_EQ(r.leases(kA), 0u);

  const auto ack = only_answer(r.take(
      to_server(kA, client_message(kA, {53, 1, 3, 50, 4, 192, 168, 100, 10, 54, 4, 192, 168, 100, 1, 255}))));
  ASSERT_TRUE(ack);
  EXPECT_EQ(option(ack->data, 53), Bytes{5});
  EXPECT_EQ(option(ack->data, 51), (Bytes{0, 0, 14, 16}));
  EXPECT_EQ(r.leases(kA), 1u);
}

TEST(Dhcp, RenewsByUnicastAndRefusesAnotherAddress) {
  Responder r(config());
  const auto ack =
      only_answer(r.take(to_server(kA, client_message(kA, {53, 1, 3, 255}, kAddressA), kAddressA, r.mac())));
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->addresses.to_ip, kAddressA);
  EXPECT_EQ(option(ack->data, 53), Bytes{5});
  const auto nak =
      only_answer(r.take(to_server(kA, client_message(kA, {53, 1, 3, 50, 4, 10, 0, 0, 1, 255}))));
  ASSERT_TRUE(nak);
  EXPECT_EQ(option(nak->data, 53), Bytes{6});
  EXPECT_EQ(ethernet::number_at(nak->data, 16, 4), 0u);
}

TEST(Dhcp, StaysSilentWhereItShould) {
  Responder r(config());
  const auto silent = [&](const Bytes& frame) { return r.take(frame).answers.empty(); };
  EXPECT_TRUE(silent(to_server(kStranger, client_message(kStranger, {53, 1, 1, 255}))));
  // The client has chosen another server.
  EXPECT_TRUE(silent(to_server(kA, client_message(kA, {53, 1, 3, 54, 4, 10, 9, 9, 9, 255}))));
  EXPECT_TRUE(silent(to_server(kA, client_message(kA, {53, 1, 7, 255}))));  // release
  EXPECT_TRUE(silent(to_server(kA, client_message(kA, {255}))));            // BOOTP
  EXPECT_TRUE(silent(to_server(kA, client_message(kA, {53, 1, 9, 255}))));  // no such type
  EXPECT_TRUE(silent(to_server(kA, client_message(kA, {53, 200, 1}))));     // longer than the message
  EXPECT_TRUE(silent(to_server(kA, client_message(kA, {53}))));             // ends inside an option
  Bytes magic = client_message(kA, {53, 1, 1, 255});
  magic[236] = 0;
  EXPECT_TRUE(silent(to_server(kA, magic)));
  Bytes reply = client_message(kA, {53, 1, 1, 255});
  reply[0] = 2;
  EXPECT_TRUE(silent(to_server(kA, reply)));
  EXPECT_TRUE(silent(to_server(kA, Bytes(100))));
}

TEST(Dhcp, OptionsMayBePaddedAndUnknown) {
  const auto r = parse_dhcp(client_message(kB, {0, 0, 55, 3, 1, 3, 6, 53, 1, 1, 61, 2, 1, 2, 255}, 0, true));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->type, dhcp::Type::discover);
  EXPECT_EQ(r->client, kB);
  EXPECT_TRUE(r->broadcast);
  EXPECT_FALSE(r->requested_ip);
}

std::optional<Bytes> ask(const Bytes& question, const Responder::Config& who = config()) {
  Responder r(who);
  const auto outcome = r.take(ethernet::build(
      {.destination = r.mac(), .source = kA, .type = ethernet::ether_type::kIpv4},
      ethernet::udp_packet({.from_ip = kAddressA, .to_ip = kServer, .from_port = 4000, .to_port = 53}, 1,
                           question)));
  EXPECT_TRUE(outcome.taken);
  const auto a = only_answer(outcome);
  return a ? std::optional(a->data) : std::nullopt;
}

TEST(Dns, KnowsAddressesInAnyCaseWithAndWithoutDomain) {
  for (const char* name : {"chassis", "CHASSIS", "chassis.local"}) {
    const auto a = ask(query(name, 1));
    ASSERT_TRUE(a) << name;
    EXPECT_EQ(ethernet::number_at(*a, 0, 2), 0x1234u);
    EXPECT_EQ(ethernet::number_at(*a, 2, 2), 0x8500u);  // an answer, authoritative, recursion was wanted
    EXPECT_EQ(ethernet::number_at(*a, 6, 2), 1u);
    EXPECT_EQ(ethernet::number_at(*a, a->size() - 4, 4), kAddressA);
  }
  EXPECT_EQ(ethernet::number_at(*ask(query("compute-2", 1)), 6, 2), 1u);
}

TEST(Dns, KnowsNamesByAddress) {
  const auto a = ask(query("10.100.168.192.in-addr.arpa", 12));
  ASSERT_TRUE(a);
  EXPECT_EQ(ethernet::number_at(*a, 6, 2), 1u);
  const Bytes tail(a->end() - 15, a->end());
  EXPECT_EQ(text(tail), std::string("\7chassis\5local", 14) + '\0');
  EXPECT_EQ(result_of(*ask(query("99.100.168.192.in-addr.arpa", 12))), 3);
}

TEST(Dns, TellsWhatThereIsNot) {
  const auto aaaa = ask(query("chassis", 28));
  ASSERT_TRUE(aaaa);
  EXPECT_EQ(result_of(*aaaa), 0);
  EXPECT_EQ(ethernet::number_at(*aaaa, 6, 2), 0u);  // the name is there, without such a record
  EXPECT_EQ(result_of(*ask(query("nobody", 1))), 3);
  EXPECT_EQ(result_of(*ask(query("chassis", 1, 0x2900))), 4);     // another opcode
  EXPECT_EQ(result_of(*ask(query("chassis", 1, 0x0100, 3))), 4);  // another class
  Bytes cut = query("chassis", 1);
  cut.resize(cut.size() - 3);
  EXPECT_EQ(result_of(*ask(cut)), 1);
  Bytes pointer = query("chassis", 1);
  pointer[12] = 0xc0;
  EXPECT_EQ(result_of(*ask(pointer)), 1);
  EXPECT_FALSE(ask(query("chassis", 1, 0x8100)));  // an answer
  EXPECT_FALSE(ask(Bytes(5)));
}

TEST(LanResponder, KnowsMachinesOfOtherNetworksAndTheWayThere) {
  Responder::Config c = config();
  c.hosts[0].router = 0xc0a864fe;
  c.elsewhere = {{.name = "plant", .ip = 0x0a020001}};
  Responder r(c);
  const auto offer = only_answer(r.take(to_server(kA, client_message(kA, {53, 1, 1, 255}))));
  ASSERT_TRUE(offer);
  EXPECT_EQ(option(offer->data, 3), (Bytes{192, 168, 100, 254}));
  const auto other = only_answer(r.take(to_server(kB, client_message(kB, {53, 1, 1, 255}))));
  ASSERT_TRUE(other);
  EXPECT_EQ(option(other->data, 3), Bytes{}) << "its own, and there is no way out";
  for (const char* name : {"plant", "plant.local"}) {
    const auto answer = ask(query(name, 1), c);
    ASSERT_TRUE(answer);
    EXPECT_EQ(ethernet::number_at(*answer, answer->size() - 4, 4), 0x0a020001u);
  }
}

TEST(LanResponder, LeavesTheOutsideToAnUplink) {
  Responder::Config c = config();
  const auto ack = [](Responder& r) {
    return only_answer(r.take(to_server(kA, client_message(kA, {53, 1, 1, 255}))))->data;
  };
  const auto sent = [](Responder& r, uint32_t to, uint16_t port, const Bytes& data) {
    return r.take(ethernet::build({.destination = r.mac(), .source = kA, .type = ethernet::ether_type::kIpv4},
                                  ethernet::udp_packet({kAddressA, to, 4000, port}, 1, data)));
  };
  Responder closed(c);
  EXPECT_TRUE(option(ack(closed), 3).empty());
  EXPECT_EQ(sent(closed, kServer, 53, query("example.org", 1)).answers.size(), 1u);  // there is no such name
  c.gateway = c.foreign_names = true;
  Responder open(c);
  EXPECT_EQ(option(ack(open), 3), (Bytes{192, 168, 100, 1}));
  for (const char* name : {"example.org", "notlocal", "a.b.notlocal", "1.0.0.10.in-addr.arpa"}) {
    const auto o = sent(open, kServer, 53, query(name, 1));
    const bool foreign = std::string(name) != "notlocal";  // one word is a name of the network
    EXPECT_TRUE(o.taken);
    EXPECT_EQ(o.outward, foreign) << name;
    EXPECT_EQ(o.answers.size(), foreign ? 0u : 1u) << name;
  }
  for (const char* name : {"chassis", "nobody.local", "99.100.168.192.in-addr.arpa"})
    EXPECT_FALSE(sent(open, kServer, 53, query(name, 1)).outward) << name;
  const auto out = sent(open, 0x08080808, 53, query("chassis", 1));
  EXPECT_TRUE(out.taken && out.outward);
  EXPECT_TRUE(sent(open, kServer, 9, {1}).outward);
}

TEST(LanResponder, AnswersForItsOwnAddressOnly) {
  Responder r(config());
  Bytes arp;
  ethernet::append_number(arp, 0x0001080006040001, 8);
  ethernet::append_number(arp, static_cast<uint64_t>(kA), 6);
  ethernet::append_number(arp, kAddressA, 4);
  ethernet::append_number(arp, 0, 6);
  ethernet::append_number(arp, kServer, 4);
  const ethernet::Header to_all{
      .destination = ethernet::kBroadcast, .source = kA, .type = ethernet::ether_type::kArp};
  EXPECT_EQ(r.take(ethernet::build(to_all, arp)).answers.size(), 1u);
  arp.back() = 11;  // somebody else's address: goes on into the cable
  const auto other = r.take(ethernet::build(to_all, arp));
  EXPECT_FALSE(other.taken);
  EXPECT_TRUE(other.answers.empty());

  Bytes ping{0x45, 0, 0, 29, 0, 1, 0, 0, 64, 1, 0, 0};
  ethernet::append_number(ping, kAddressA, 4);
  ethernet::append_number(ping, kServer, 4);
  for (const int b : {8, 0, 0xe5, 0xfe, 0x12, 0, 0, 1, 0}) ping.push_back(static_cast<uint8_t>(b));
  const auto pong = r.take(
      ethernet::build({.destination = r.mac(), .source = kA, .type = ethernet::ether_type::kIpv4}, ping));
  ASSERT_EQ(pong.answers.size(), 1u);
  const auto packet = std::span(pong.answers[0]).subspan(14);
  EXPECT_EQ(ethernet::number_at(packet, 12, 4), kServer);
  EXPECT_EQ(ethernet::number_at(packet, 16, 4), kAddressA);
  EXPECT_EQ(packet[20], 0);
  uint32_t sum = 0;
  for (size_t i = 20; i < 30; i += 2)
    sum += static_cast<uint32_t>(i + 1 < 29 ? ethernet::number_at(packet, i, 2) : packet[i] << 8);
  EXPECT_EQ((sum & 0xffff) + (sum >> 16), 0xffffu);

  // Between machines: none of its business.
  ping[19] = 11;
  EXPECT_FALSE(
      r.take(ethernet::build({.destination = kB, .source = kA, .type = ethernet::ether_type::kIpv4}, ping))
          .taken);
  EXPECT_FALSE(r.take(Bytes(10)).taken);
}

}  // namespace
}  // namespace xedgesim::lan
