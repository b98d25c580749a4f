// Packets a second through the switch, and through a link under the scheduler, on one core. JSON lines.
#include <fmt/format.h>

#include <ctime>

#include "net/ethernet/switch.h"
#include "net/link/link.h"
#include "sim/scheduler.h"

namespace {

using namespace xedgesim;
using namespace xedgesim::net;

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

void figure(std::string_view metric, double value, std::string_view unit) {
  fmt::print("{{\"bench\":\"net\",\"metric\":\"{}\",\"value\":{:.0f},\"unit\":\"{}\"}}\n", metric, value,
             unit);
}

sim::SharedBytes frame(uint64_t to, uint64_t from, size_t size, uint16_t vlan) {
  ethernet::Header h{.destination = ethernet::Mac{to}, .source = ethernet::Mac{from}, .type = 0x0800};
  if (vlan) h.tags[h.tag_count++] = {.vid = vlan};
  return std::make_shared<sim::Bytes>(ethernet::build(h, sim::Bytes(size - h.tag_count * 4 - 14)));
}

/// 24 ports, 1000 stations, everyone to everyone: learning, lookup, VLANs, counters; no queues.
void forwarding(bool vlans, size_t size) {
  ethernet::SwitchConfig c{.name = "bench", .address = ethernet::Mac{0x0200000000ff}};
  c.ports.resize(24);
  if (vlans)
    for (auto& p : c.ports) {
      p.vlan.mode = ethernet::VlanPort::Mode::trunk;
      p.vlan.carries.set();
    }
  ethernet::Switch s(c);
  std::vector<std::pair<int, sim::SharedBytes>> frames;
  for (uint64_t i = 0; i < 1000; ++i)
    frames.emplace_back(static_cast<int>(i % 24),
                        frame(0x020000000000 + (i * 7 + 1) % 1000, 0x020000000000 + i, size, vlans ? 10 : 0));
  std::vector<ethernet::Departure> out;
  SimTime now;
  uint64_t packets = 0;
  const auto round = [&] {
    for (const auto& [port, f] : frames) {
      s.receive(port, f, now, out);
      packets += out.size();
      out.clear();
      now = now + Duration::us(1);
    }
  };
  round();
  packets = 0;
  const double begin = cpu_seconds();
  while (cpu_seconds() - begin < 1) round();
  figure(fmt::format("switch_pps_{}{}B", vlans ? "vlan_" : "", size),
         static_cast<double>(packets) / (cpu_seconds() - begin), "packets/s");
}

/// Two ends and a link of 10 Gbit/s under the scheduler, digest included.
class Source final : public sim::EventParticipant {
 public:
  Source(sim::ParticipantId self, sim::ParticipantId link, sim::SharedBytes frame)
      : self_(self), link_(link), frame_(std::move(frame)) {}
  void start(sim::EventContext& context) override { next(context); }
  void handle(const sim::Event& e, sim::EventContext& context) override {
    if (e.code == 1) next(context);
  }

 private:
  void next(sim::EventContext& context) {
    context.post(frame_event(frame_, context.now(), link_, 0));
    context.post(
        {.time = context.now() + Duration::us(2), .kind = sim::EventKind::timer, .target = self_, .code = 1});
  }
  sim::ParticipantId self_, link_;
  sim::SharedBytes frame_;
};

void link(bool impaired) {
  sim::Scheduler scheduler({"a", "b", "link"}, {});
  const auto a = scheduler.id("a"), b = scheduler.id("b"), l = scheduler.id("link");
  LinkParameters p{.rate_bps = 10'000'000'000, .latency = Duration::us(5)};
  if (impaired) {
    p.distribution = Jitter::pareto;
    p.jitter = Duration::us(1);
    p.bursts = GilbertElliott{.good_to_bad = 0.01, .bad_to_good = 0.2};
    p.duplicate = p.corrupt = 0.001;
  }
  Link wire({.id = l, .name = "link", .a = a, .b = b, .a_to_b = p});
  Source source(a, l, frame(1, 2, 1000, 0));
  Source sink(b, l, frame(2, 1, 64, 0));
  scheduler.attach(l, wire);
  scheduler.attach(a, source);
  scheduler.attach(b, sink);
  const double begin = cpu_seconds();
  SimTime t;
  while (cpu_seconds() - begin < 1) scheduler.run_until(t = t + Duration::ms(10));
  const auto& s = wire.statistics(Direction::a_to_b);
  figure(
      impaired ? "link_pps_impaired" : "link_pps",
      static_cast<double>(s.messages + wire.statistics(Direction::b_to_a).messages) / (cpu_seconds() - begin),
      "packets/s");
}

}  // namespace

int main() {
  forwarding(false, 64);
  forwarding(false, 1514);
  forwarding(true, 64);
  link(false);
  link(true);
}
