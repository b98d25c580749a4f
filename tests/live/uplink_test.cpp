// Machines and the host's sockets, on loopback, frame by frame: this test is the machine.
#include "live/uplink.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/error.h"
#include "net/ethernet/udp.h"

namespace xedgesim::live {
namespace {

namespace ethernet = net::ethernet;
using ethernet::Mac;

constexpr uint32_t kGateway = 0x0a0700fe, kLoopback = 0x7f000001;
constexpr Mac kGatewayMac{0x02fe0a0700fe};

uint32_t machine_ip(uint32_t i) { return 0x0a070001 + i; }
Mac machine_mac(uint32_t i) { return Mac{uint64_t{0x525400000000} + i}; }

/// A UDP socket of the host's loopback.
class HostSocket {
 public:
  HostSocket() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in a = address(0);
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&a), sizeof a), 0);
    const timeval patience{.tv_sec = 0, .tv_usec = 20'000};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  uint16_t port() const {
    sockaddr_in a{};
    socklen_t size = sizeof a;
    getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&a), &size);
    return ntohs(a.sin_port);
  }
  void send(uint16_t port, const std::string& text) {
    const sockaddr_in a = address(port);
    sendto(fd_.get(), text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&a), sizeof a);
  }
  /// Empty when nothing came.
  std::string receive(uint16_t* from = nullptr) {
    char buffer[2048];
    sockaddr_in a{};
    socklen_t size = sizeof a;
    const ssize_t n = recvfrom(fd_.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&a), &size);
    if (from) *from = ntohs(a.sin_port);
    return n > 0 ? std::string(buffer, static_cast<size_t>(n)) : "";
  }

 private:
  static sockaddr_in address(uint16_t port) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    a.sin_addr.s_addr = htonl(kLoopback);
    return a;
  }
  Descriptor fd_;
};

uint16_t free_port() { return HostSocket().port(); }

struct Arrived {
  Mac to{}, from{};
  ethernet::UdpAddresses addresses{};
  std::string text{};
};

class UplinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = Uplink::missing(); !why.empty()) GTEST_SKIP() << why;
  }
  void make(bool outside, bool host_loopback, std::vector<Uplink::Forward> forwards = {},
            uint32_t machines = 40) {
    Uplink::Config c{.ip = kGateway, .mac = kGatewayMac, .prefix = 24};
    c.outside = outside;
    c.host_loopback = host_loopback;
    for (uint32_t i = 0; i < machines; ++i) c.machines.push_back({machine_ip(i), machine_mac(i)});
    c.forwards = std::move(forwards);
    uplink_ = std::make_unique<Uplink>(c, [this](Mac to, const sim::Bytes& frame) {
      const auto h = ethernet::parse(frame);
      ASSERT_TRUE(h);
      const auto udp = ethernet::parse_udp(std::span(frame).subspan(h->size));
      if (!udp) return;
      arrived_.push_back({to, h->source, udp->addresses, std::string(udp->data.begin(), udp->data.end())});
    });
  }
  void round(Duration patience = Duration::ms(20)) {
    std::vector<pollfd> fds;
    patience = uplink_->prepare(fds, patience);
    poll(fds.data(), fds.size(), static_cast<int>(patience.count_ms()));
    uplink_->serve();
  }
  void from_machine(uint32_t i, const ethernet::UdpAddresses& a, const std::string& text) {
    uplink_->take(ethernet::build(
        {.destination = kGatewayMac, .source = machine_mac(i), .type = ethernet::ether_type::kIpv4},
        ethernet::udp_packet(a, 1, {reinterpret_cast<const uint8_t*>(text.data()), text.size()})));
  }
  Arrived wait_for_frame() {
    for (int i = 0; i < 100 && arrived_.empty(); ++i) round();
    if (arrived_.empty()) return {};
    const Arrived a = arrived_.front();
    arrived_.erase(arrived_.begin());
    return a;
  }

  std::unique_ptr<Uplink> uplink_;
  std::vector<Arrived> arrived_;
};

TEST_F(UplinkTest, LeadsAPortOfTheHostToAMachineAndBack) {
  const uint16_t port = free_port();
  // The last of more machines than libslirp keeps MACs of.
  constexpr uint32_t kMachine = 39;
  make(false, false,
       {{.node = "m",
         .written = "x",
         .udp = true,
         .host_ip = kLoopback,
         .host_port = port,
         .ip = machine_ip(kMachine),
         .port = 53}});
  HostSocket client;
  client.send(port, "are you there?");
  const Arrived a = wait_for_frame();
  EXPECT_EQ(a.to, machine_mac(kMachine));
  EXPECT_EQ(a.from, kGatewayMac);
  EXPECT_EQ(a.addresses.to_ip, machine_ip(kMachine));
  EXPECT_EQ(a.addresses.to_port, 53);
  EXPECT_EQ(a.addresses.from_ip, kGateway);
  EXPECT_EQ(a.text, "are you there?");
  from_machine(kMachine, {machine_ip(kMachine), a.addresses.from_ip, 53, a.addresses.from_port}, "yes");
  std::string answer;
  for (int i = 0; i < 20 && answer.empty(); ++i) {
    round(Duration());
    answer = client.receive();
  }
  EXPECT_EQ(answer, "yes");
}

TEST_F(UplinkTest, RefusesAPortThatIsTaken) {
  HostSocket there;
  Uplink::Forward f{.node = "web",
                    .written = "9:80",
                    .udp = true,
                    .host_ip = kLoopback,
                    .host_port = there.port(),
                    .ip = machine_ip(0),
                    .port = 80};
  try {
    make(false, false, {f});
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("node 'web': cannot listen on the host's UDP port"),
              std::string::npos)
        << e.what();
    EXPECT_NE(std::string(e.what()).find("another program has it"), std::string::npos) << e.what();
  }
  const Descriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(kLoopback);
  socklen_t size = sizeof a;
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&a), size), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  getsockname(listener.get(), reinterpret_cast<sockaddr*>(&a), &size);
  f.udp = false;
  f.host_port = ntohs(a.sin_port);
  EXPECT_THROW(make(false, false, {f}), ConfigError);
}

TEST_F(UplinkTest, ReachesTheHostsLoopbackOnlyWhenTold) {
  HostSocket server;
  const ethernet::UdpAddresses there{machine_ip(0), kGateway, 4000, server.port()};
  make(true, true);
  from_machine(0, there, "question");
  uint16_t from = 0;
  std::string got;
  for (int i = 0; i < 20 && got.empty(); ++i) {
    round(Duration());
    got = server.receive(&from);
  }
  EXPECT_EQ(got, "question");
  server.send(from, "answer");
  const Arrived a = wait_for_frame();
  EXPECT_EQ(a.text, "answer");
  EXPECT_EQ(a.to, machine_mac(0));
  EXPECT_EQ(a.addresses.from_ip, kGateway);
  EXPECT_EQ(a.addresses.from_port, server.port());
  EXPECT_EQ(a.addresses.to_port, 4000);

  // Neither by the gateway's address, nor by the loopback's own, nor by broadcast.
  for (const bool outside : {true, false}) {
    make(outside, false);
    for (const uint32_t to : {kGateway, kLoopback, 0xffffffffu, 0x00000001u}) {
      from_machine(0, {machine_ip(0), to, 4000, server.port()}, "let me in");
      for (int i = 0; i < 3; ++i) round(Duration::ms(1));
    }
    EXPECT_EQ(server.receive(), "");
  }
}

TEST_F(UplinkTest, TakesWhateverMachinesSend) {
  make(true, true);
  sim::Bytes frame = ethernet::build(
      {.destination = kGatewayMac, .source = machine_mac(0), .type = ethernet::ether_type::kIpv4},
      ethernet::udp_packet({machine_ip(0), kGateway, 1, 2}, 1, sim::Bytes(100)));
  for (size_t size = 0; size <= frame.size(); ++size) uplink_->take(std::span(frame).first(size));
  for (size_t at = 12; at < 60; ++at)
    for (const uint8_t value : {0x00, 0x7f, 0xff}) {
      sim::Bytes spoiled = frame;
      spoiled[at] = value;
      uplink_->take(spoiled);
    }
  uplink_->take(sim::Bytes(66'000, 0x45));
  round();
}

}  // namespace
}  // namespace xedgesim::live
