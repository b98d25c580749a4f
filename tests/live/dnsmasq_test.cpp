// dnsmasq in place of our responder: both say the same to the same questions, machines find each other by it,
// and nothing of it is left. Skipped, with the reason, where dnsmasq or namespaces are not to be had.
#include "live/dnsmasq.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "lan_client.h"
#include "live/host_process.h"
#include "up_fixture.h"

namespace xedgesim::live {
namespace {

using lan::Bytes;

std::string missing_dnsmasq() {
  std::filesystem::path program;
  return Dnsmasq::missing(program);
}

/// A client at dnsmasq's card.
class Client {
 public:
  explicit Client(const std::filesystem::path& folder) {
    std::filesystem::path program;
    Dnsmasq::missing(program);
    server_ = std::make_unique<Dnsmasq>(
        loop_, responder_,
        Dnsmasq::Config{.program = program,
                        .folder = folder,
                        .frame = [this](lan::Mac, const Bytes& frame) { heard(frame); },
                        .ended = [](const std::string& why) { ADD_FAILURE() << why; }});
  }
  /// The answer of each, ours first.
  std::pair<std::optional<lan::Answer>, std::optional<lan::Answer>> both(const Bytes& frame) {
    answer_.reset();
    EXPECT_TRUE(server_->take(frame));
    for (int i = 0; i < 100 && !answer_; ++i) loop_.wait(Duration::ms(50));
    return {lan::only_answer(responder_.take(frame)), answer_};
  }
  Dnsmasq& server() { return *server_; }
  lan::Responder& responder() { return responder_; }
  EventLoop& loop() { return loop_; }

 private:
  void heard(const Bytes& frame) {
    namespace ethernet = net::ethernet;
    const auto h = ethernet::parse(frame);
    const auto payload = std::span(frame).subspan(h->size);
    if (h->type == ethernet::ether_type::kArp) {
      if (const auto a = ethernet::answer_arp(payload, lan::kAddressA, lan::kA))
        server_->take(
            ethernet::build({.destination = a->asker, .source = lan::kA, .type = h->type}, a->payload));
      return;
    }
    const auto udp = h->type == ethernet::ether_type::kIpv4 ? lan::answer_in(frame) : std::nullopt;
    if (udp && udp->addresses.from_ip == lan::kServer) answer_ = udp;
  }
  EventLoop loop_;
  lan::Responder responder_{lan::config()};
  std::unique_ptr<Dnsmasq> server_;
  std::optional<lan::Answer> answer_;
};

TEST(DnsmasqServer, AnswersAsOurResponderDoes) {
  if (const std::string why = missing_dnsmasq(); !why.empty()) GTEST_SKIP() << why;
  const TemporaryFolder folder;
  Client client(folder.path());
  const auto same_lease = [&](const Bytes& message, uint32_t from = 0) {
    const auto [ours, theirs] = client.both(
        lan::to_server(lan::kA, message, from, from ? client.responder().mac() : net::ethernet::kBroadcast));
    ASSERT_TRUE(ours && theirs);
    const auto number = [](const Bytes& b, size_t at) { return net::ethernet::number_at(b, at, 4); };
    for (const size_t field : {4, 12, 16, 28, 32})
      EXPECT_EQ(number(ours->data, field), number(theirs->data, field)) << field;
    // Mask, router, names, broadcast, type, server, time.
    for (const int code : {1, 3, 6, 12, 15, 28, 51, 53, 54})
      EXPECT_EQ(lan::option(ours->data, code), lan::option(theirs->data, code)) << "option " << code;
  };
  const auto wanted = [](std::initializer_list<int> first) {
    std::vector<int> all(first);
    all.insert(all.end(), {55, 6, 1, 3, 6, 12, 15, 28, 255});
    return all;
  };
  const auto message = [](const std::vector<int>& options, uint32_t ciaddr = 0) {
    Bytes b = lan::client_message(lan::kA, {}, ciaddr);
    for (const int o : options) b.push_back(static_cast<uint8_t>(o));
    return b;
  };
  same_lease(message(wanted({53, 1, 1})));
  same_lease(message(wanted({53, 1, 3, 50, 4, 192, 168, 100, 10, 54, 4, 192, 168, 100, 1})));
  same_lease(message(wanted({53, 1, 3}), lan::kAddressA), lan::kAddressA);  // renewed
  EXPECT_EQ(client.server().leases(lan::kA), 2u);
  EXPECT_EQ(client.responder().leases(lan::kA), 2u);

  for (const auto& [name, type] :
       std::vector<std::pair<const char*, int>>{{"chassis", 1},
                                                {"CHASSIS.local", 1},
                                                {"compute-2.local", 1},
                                                {"chassis", 28},
                                                {"nobody.local", 1},
                                                {"nobody", 1},
                                                {"example.org", 1},
                                                {"99.100.168.192.in-addr.arpa", 12},
                                                {"11.100.168.192.in-addr.arpa", 12}}) {
    const auto [ours, theirs] = client.both(net::ethernet::build(
        {.destination = client.responder().mac(),
         .source = lan::kA,
         .type = net::ethernet::ether_type::kIpv4},
        net::ethernet::udp_packet({lan::kAddressA, lan::kServer, 4000, 53}, 1, lan::query(name, type))));
    ASSERT_TRUE(ours && theirs) << name;
    EXPECT_EQ(lan::result_of(ours->data), lan::result_of(theirs->data)) << name;
    const uint64_t records = net::ethernet::number_at(ours->data, 6, 2);
    EXPECT_EQ(records, net::ethernet::number_at(theirs->data, 6, 2)) << name;
    // The data of the one record, which ends the answer: four bytes of an address, or the end of a name.
    const auto end = [](const Bytes& b) { return Bytes(b.end() - 4, b.end()); };
    if (records > 0) {
      EXPECT_EQ(end(ours->data), end(theirs->data)) << name;
    }
  }
}

TEST(DnsmasqServer, LeavesToTheNetworkWhatIsNotForIt) {
  if (const std::string why = missing_dnsmasq(); !why.empty()) GTEST_SKIP() << why;
  const TemporaryFolder folder;
  Client client(folder.path());
  namespace ethernet = net::ethernet;
  const auto frame = [](lan::Mac to) {
    return ethernet::build({.destination = to, .source = lan::kA, .type = ethernet::ether_type::kIpv4},
                           ethernet::udp_packet({lan::kAddressA, lan::kAddressB, 1, 2}, 1, Bytes{1}));
  };
  EXPECT_FALSE(client.server().take(frame(lan::kB)));
  EXPECT_FALSE(client.server().take(frame(ethernet::kBroadcast)));
  EXPECT_TRUE(client.server().take(frame(client.responder().mac())));
  EXPECT_FALSE(client.server().take(Bytes(10)));
}

class WithDnsmasq : public testing::UpTest {
 protected:
  void SetUp() override {
    if (const std::string why = missing_dnsmasq(); !why.empty()) GTEST_SKIP() << why;
  }
  std::string lab(const std::string& lan) {
    return write(
        "  - {id: left, type: process, ip: 10.7.0.1, command: [sleep, '1000']}\n"
        "  - {id: right, type: process, ip: 10.7.0.2, command: [sleep, '1000']}\n",
        std::string(testing::kCable) + "network: {lan: {host_ip: 10.7.0.254, " + lan + "}}\n");
  }
  std::string log_file() const { return (folder_ / "state/lab/vm/dnsmasq/10.7.0.254/dnsmasq.log").string(); }
};

TEST_F(WithDnsmasq, NodesFindEachOtherAndNothingIsLeft) {
  for (const char* server : {"dnsmasq", "auto"}) {
    const auto up = testing::run_program({"up", "-d", lab(std::string("server: ") + server)});
    ASSERT_EQ(up.exit_code, 0) << up.out << up.err;
    EXPECT_NE(testing::read_file(log_file()).find("started, version"), std::string::npos);
    EXPECT_EQ(testing::run_program({"exec", "left", "--", "getent", "hosts", "right.local"}).out.substr(0, 8),
              "10.7.0.2");
    EXPECT_EQ(testing::run_program({"exec", "left", "--", "ping", "-c", "1", "10.7.0.254"}).exit_code, 0);
    EXPECT_EQ(testing::run_program({"down"}).exit_code, 0);
    EXPECT_TRUE(nothing_left());
  }
}

TEST_F(WithDnsmasq, IsRefusedWhereItCannotDoWhatIsAsked) {
  const auto up = testing::run_program({"up", lab("server: dnsmasq, uplink: true")});
  EXPECT_EQ(up.exit_code, 3);
  EXPECT_NE(up.err.find("network.lan.server: dnsmasq: "), std::string::npos) << up.err;
  EXPECT_NE(testing::run_program({"validate", lab("server: bind")}).err.find("server"), std::string::npos);
}

}  // namespace
}  // namespace xedgesim::live
