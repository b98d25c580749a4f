// The coordinator's side of the virtual-time protocol, against a scripted peer.
#include "vm/vt_channel.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <thread>

#include "base/error.h"
#include "vm/qemu_process.h"

namespace xedgesim::vm {
namespace {

using Records = std::vector<VtChannel::Record>;

/// The plugin's end of the socket; everything is sent before it is read, as the socket holds it.
class Peer {
 public:
  explicit Peer(Duration patience = Duration::s(5)) {
    auto [a, b] = socket_pair();
    socket_ = std::move(b);
    channel = std::make_unique<VtChannel>(std::move(a), patience);
  }
  void raw(const void* data, size_t size) {
    ASSERT_EQ(::send(socket_.get(), data, size, MSG_NOSIGNAL), static_cast<ssize_t>(size));
  }
  void report(vt::Report r, const Records& records = {}) {
    std::vector<uint8_t> body;
    for (const auto& record : records) {
      const vt::Record head{record.time, record.type, static_cast<uint32_t>(record.bytes.size()),
                            record.card};
      const auto* p = reinterpret_cast<const uint8_t*>(&head);
      body.insert(body.end(), p, p + sizeof head);
      body.insert(body.end(), record.bytes.begin(), record.bytes.end());
    }
    r.bytes = body.size();
    raw(&r, sizeof r);
    raw(body.data(), body.size());
  }
  void greet() {
    report({.type = vt::ReportType::hello, .now = vt::kVersion});
    report({.type = vt::ReportType::boundary, .now = 0});
  }
  vt::Order order(std::vector<uint8_t>& body) {
    vt::Order o;
    EXPECT_EQ(recv(socket_.get(), &o, sizeof o, MSG_WAITALL), static_cast<ssize_t>(sizeof o));
    body.resize(o.bytes);
    if (o.bytes) {
      EXPECT_EQ(recv(socket_.get(), body.data(), body.size(), MSG_WAITALL), static_cast<ssize_t>(o.bytes));
    }
    return o;
  }
  void close() { socket_ = Descriptor(); }
  std::unique_ptr<VtChannel> channel;

 private:
  Descriptor socket_;
};

std::string failure(const std::function<void()>& f) {
  try {
    f();
  } catch (const SimulationError& e) {
    return e.what();
  }
  return "no failure";
}

TEST(VtChannel, HandsOverWhatWasSentAndWhereTheMachineStands) {
  Peer peer;
  peer.greet();
  Records sent;
  EXPECT_FALSE(peer.channel->meet(sent).off);
  peer.report({.type = vt::ReportType::boundary, .idle = 1, .now = 1003, .instructions = 125, .next = 4000},
              {{900, vt::RecordType::console, {'h', 'i'}}, {1001, vt::RecordType::frame, {1, 2, 3}, 1}});
  const auto s = peer.channel->go({1000}, {{500, vt::RecordType::frame, {9, 8}, 2}}, sent);
  EXPECT_TRUE(s.idle);
  EXPECT_EQ(s.now, 1003);
  EXPECT_EQ(s.next, 4000);
  EXPECT_EQ(s.instructions, 125);
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].time, 900);
  EXPECT_EQ(sent[1].bytes, (std::vector<uint8_t>{1, 2, 3}));
  EXPECT_EQ(sent[1].card, 1u);

  std::vector<uint8_t> body;
  const vt::Order o = peer.order(body);
  EXPECT_EQ(o.type, vt::OrderType::go);
  EXPECT_EQ(o.until, 1000);
  ASSERT_EQ(body.size(), sizeof(vt::Record) + 2);
  vt::Record head;
  std::memcpy(&head, body.data(), sizeof head);
  EXPECT_EQ(head.time, 500);
  EXPECT_EQ(head.length, 2u);
  EXPECT_EQ(head.card, 2u);
  EXPECT_EQ(body.back(), 8);
  peer.channel->quit();
  EXPECT_EQ(peer.order(body).type, vt::OrderType::quit);
}

TEST(VtChannel, AGoodbyeAndAClosedConnectionAreAMachineThatIsOff) {
  Peer peer;
  peer.greet();
  Records sent;
  peer.channel->meet(sent);
  peer.report({.type = vt::ReportType::goodbye, .now = 700}, {{650, vt::RecordType::partial, {'>'}}});
  EXPECT_TRUE(peer.channel->go({1000}, {}, sent).off);
  EXPECT_EQ(sent.size(), 1u);

  Peer gone;
  gone.close();
  EXPECT_TRUE(gone.channel->meet(sent).off);
}

TEST(VtChannel, HalfAReportIsAMachineThatIsOff) {
  Peer peer;
  const vt::Report r{.type = vt::ReportType::boundary, .bytes = 100};
  peer.raw(&r, sizeof r);
  peer.raw("abc", 3);
  peer.close();
  Records sent;
  EXPECT_TRUE(peer.channel->meet(sent).off);
  EXPECT_TRUE(sent.empty());
}

TEST(VtChannel, RefusesNonsenseInOneSentence) {
  const auto said = [](vt::Report r, const Records& records = {}) {
    Peer peer;
    peer.greet();
    Records sent;
    peer.channel->meet(sent);
    peer.report({.type = vt::ReportType::boundary, .now = 50}, {});
    peer.channel->go({50}, {}, sent);
    peer.report(r, records);
    return failure([&] { peer.channel->go({100}, {}, sent); });
  };
  EXPECT_NE(said({.type = vt::ReportType::boundary, .now = 49}).find("time went back"), std::string::npos);
  EXPECT_NE(said({.type = static_cast<vt::ReportType>(9), .now = 100}).find("unknown kind"),
            std::string::npos);
  EXPECT_NE(said({.type = vt::ReportType::boundary, .now = 100},
                 {{80, vt::RecordType::frame, {1}}, {79, vt::RecordType::frame, {1}}})
                .find("before the one before it"),
            std::string::npos);
  Peer huge;
  const vt::Report r{.type = vt::ReportType::boundary, .bytes = uint64_t{1} << 40};
  huge.raw(&r, sizeof r);
  Records sent;
  EXPECT_NE(failure([&] { huge.channel->meet(sent); }).find("announces"), std::string::npos);
}

TEST(VtChannel, RefusesAnotherVersionOfTheProtocol) {
  Peer peer;
  peer.report({.type = vt::ReportType::hello, .now = vt::kVersion + 1});
  Records sent;
  EXPECT_NE(failure([&] { peer.channel->meet(sent); }).find("speaks version"), std::string::npos);
}

TEST(VtChannel, ASilentPeerEndsTheRun) {
  Peer peer(Duration::ms(50));
  Records sent;
  EXPECT_NE(failure([&] { peer.channel->meet(sent); }).find("did not answer within 0.05 s"),
            std::string::npos);
}

TEST(VtChannel, ManyRecordsPassInBothDirections) {
  Peer peer;
  peer.greet();
  Records sent, inputs;
  peer.channel->meet(sent);
  for (int64_t i = 0; i < 3000; ++i)
    inputs.push_back({i, vt::RecordType::frame, std::vector<uint8_t>(1514, 7)});
  std::thread plugin([&] {
    std::vector<uint8_t> body;
    EXPECT_EQ(peer.order(body).bytes, 3000 * (sizeof(vt::Record) + 1514));
    vt::Report r{.type = vt::ReportType::boundary, .now = 5000, .bytes = body.size()};
    peer.raw(&r, sizeof r);
    peer.raw(body.data(), body.size());
  });
  peer.channel->go({5000}, inputs, sent);
  plugin.join();
  ASSERT_EQ(sent.size(), 3000u);
  EXPECT_EQ(sent.back().time, 2999);
  EXPECT_EQ(sent.back().bytes, inputs.back().bytes);
}

}  // namespace
}  // namespace xedgesim::vm
