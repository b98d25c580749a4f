#include "nodes/external_port.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "net/ethernet/switch_node.h"
#include "net/link/link.h"
#include "sim/scheduler.h"

namespace xedgesim::nodes {
namespace {

using namespace literals;

/// A machine outside that sends a frame every 10 ms and answers what it gets after 1 ms of its own.
class Machine final : public EthernetPort {
 public:
  explicit Machine(sim::SharedBytes frame) : frame_(std::move(frame)) {}
  SimTime next_activity() const override { return due_.empty() ? next_ : std::min(next_, due_.front()); }
  void advance(SimTime limit, std::vector<Stamped>& sent) override {
    while (next_activity() <= limit) {
      if (!due_.empty() && due_.front() <= next_) {
        due_.erase(due_.begin());
      } else {
        sent.push_back({next_, frame_});
        next_ = next_ + 10_ms;
      }
    }
  }
  void deliver(SimTime time, const sim::SharedBytes& frame) override {
    arrivals.push_back(time);
    sizes.push_back(frame->size());
    due_.push_back(time + 1_ms);
  }
  void carrier(SimTime, bool up) override { carriers.push_back(up); }
  std::vector<SimTime> arrivals;
  std::vector<size_t> sizes;
  std::vector<bool> carriers;

 private:
  sim::SharedBytes frame_;
  SimTime next_ = SimTime::at(10_ms);
  std::vector<SimTime> due_;
};

sim::SharedBytes frame(uint64_t from) {
  return std::make_shared<sim::Bytes>(net::ethernet::build(
      {.destination = net::ethernet::kBroadcast, .source = net::ethernet::Mac{from}, .type = 0x88b5},
      sim::Bytes(100)));
}

TEST(ExternalPort, TwoMachinesOutsideMeetAtASwitchExactly) {
  for (const unsigned threads : {1u, 2u}) {
    sim::Scheduler scheduler({"a", "b", "cable_a", "cable_b", "switch"},
                             {.window = 128_us, .threads = threads});
    const auto id = [&](const char* name) { return scheduler.id(name); };
    const auto cable = [&](const char* name, const char* end, int64_t port) {
      return net::LinkConfig{.id = id(name),
                             .name = name,
                             .a = id(end),
                             .b = id("switch"),
                             .a_to_b = {.rate_bps = 1'000'000'000, .latency = 100_us},
                             .b_to_a = {.rate_bps = 1'000'000'000, .latency = 100_us},
                             .b_port = port,
                             .tells_carrier = true};
    };
    net::Link cable_a(cable("cable_a", "a", 0)), cable_b(cable("cable_b", "b", 1));
    net::ethernet::SwitchConfig config{.name = "switch", .address = net::ethernet::Mac{9}};
    config.ports.resize(2);
    net::ethernet::SwitchNode middle(id("switch"), config, {id("cable_a"), id("cable_b")});
    Machine ma(frame(0x020000000001)), mb(frame(0x020000000002));
    ExternalPortNode a(id("cable_a"), ma), b(id("cable_b"), mb);
    scheduler.attach(id("cable_a"), cable_a);
    scheduler.attach(id("cable_b"), cable_b);
    scheduler.attach(id("switch"), middle);
    scheduler.attach(id("a"), a);
    scheduler.attach(id("b"), b);
    net::LinkPatch down;
    down.up = false;
    scheduler.post(id("switch"),
                   net::link_change(id("cable_b"), SimTime::at(Duration::ms(55)), net::LinkSide::both,
                                    net::LinkAction::set, cable_b.add_patch(down)));
    scheduler.run_until(SimTime::at(100_ms));
    // 114 bytes at 1 Gbit/s take 912 ns, twice, and 100 us of each cable.
    ASSERT_EQ(ma.arrivals.size(), 5u);
    for (size_t i = 0; i < 5; ++i)
      EXPECT_EQ(ma.arrivals[i],
                SimTime::at(Duration::ms(10 * (static_cast<int64_t>(i) + 1)) + Duration::ns(201'824)));
    EXPECT_EQ(ma.arrivals, mb.arrivals);
    EXPECT_EQ(ma.sizes[0], 114u);
    EXPECT_EQ(mb.carriers, std::vector<bool>{false});
  }
}

/// Stamps in the past of what it has reached, or beyond what it was let run to.
class Liar final : public EthernetPort {
 public:
  explicit Liar(Duration by) : by_(by) {}
  SimTime next_activity() const override { return SimTime::at(10_ms); }
  void advance(SimTime limit, std::vector<Stamped>& sent) override {
    sent.push_back({limit + by_, frame(1)});
    sent.push_back({limit, frame(1)});
  }
  void deliver(SimTime, const sim::SharedBytes&) override {}

 private:
  Duration by_;
};

TEST(ExternalPort, AMachineThatLiesAboutTimeEndsTheRun) {
  Liar ahead(1_ms);
  ExternalPortNode node(sim::ParticipantId{0}, ahead);
  sim::Outbox outbox;
  EXPECT_THROW(node.advance(SimTime::at(10_ms), outbox), SimulationError);
}

}  // namespace
}  // namespace xedgesim::nodes
