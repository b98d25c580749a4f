// Links against closed-form results, and the jitter distributions against the tables iproute2 installs.
#include <dirent.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

#include "line.h"

namespace xedgesim::net {
namespace {

using namespace literals;

std::vector<bool> losses(const LinkParameters& p, int n) {
  TestLine line(p);
  for (int i = 0; i < n; ++i) line.message(SimTime::at(Duration::ms(i)), i, 100);
  line.run();
  std::vector<bool> lost(static_cast<size_t>(n), true);
  for (const auto& e : line.b.events) lost[static_cast<size_t>(tag_of(e))] = false;
  return lost;
}

double share(const std::vector<bool>& v) {
  return static_cast<double>(std::count(v.begin(), v.end(), true)) / static_cast<double>(v.size());
}

/// Mean number of packets lost in a row.
double mean_run(const std::vector<bool>& lost) {
  int runs = 0;
  for (size_t i = 0; i < lost.size(); ++i) runs += lost[i] && (i == 0 || !lost[i - 1]);
  return static_cast<double>(std::count(lost.begin(), lost.end(), true)) / runs;
}

TEST(LinkImpairments, CorrelatedLossKeepsItsShareAndHasItsCorrelation) {
  for (const double c : {0.25, 0.8}) {
    const double p = 0.1;
    const int n = 200'000;
    const auto lost = losses({.loss = p, .loss_correlation = c}, n);
    // The variance of a mean of a two-state chain grows by (1 + c) / (1 - c).
    EXPECT_NEAR(share(lost), p, 4 * std::sqrt(p * (1 - p) / n * (1 + c) / (1 - c)));
    // P(lost | lost) = c + (1 - c) p, so runs are geometric.
    EXPECT_NEAR(mean_run(lost), 1 / ((1 - c) * (1 - p)), 0.05 / (1 - c));
  }
}

TEST(LinkImpairments, GilbertElliottWithPartialLossInBothStates) {
  const GilbertElliott m{.good_to_bad = 0.01, .bad_to_good = 0.1, .loss_good = 0.002, .loss_bad = 0.6};
  const int n = 400'000;
  const auto lost = losses({.bursts = m}, n);
  const double bad = m.good_to_bad / (m.good_to_bad + m.bad_to_good);
  const double expected = bad * m.loss_bad + (1 - bad) * m.loss_good;
  EXPECT_NEAR(share(lost), expected, 0.05 * expected);
}

TEST(LinkImpairments, FourStatesHaveTheirStationaryLoss) {
  // In bursts 20 % arrive: p32/(p31+p32) of the packets after a lost one.
  for (const FourState m : {FourState{.p13 = 0.01, .p31 = 0.1, .p32 = 0.15, .p23 = 0.6, .p14 = 0.005},
                            FourState{.p13 = 0.05, .p31 = 0.5, .p14 = 0}, FourState{.p13 = 0, .p14 = 0.03}}) {
    const auto lost = losses({.states = m}, 400'000);
    EXPECT_NEAR(share(lost), m.stationary_loss(), 0.04 * m.stationary_loss());
  }
  // Without states 2 and 4 it is a simple Gilbert model: loss p13/(p13+p31), mean run 1/p31.
  const auto lost = losses({.states = FourState{.p13 = 0.05, .p31 = 0.5}}, 400'000);
  EXPECT_NEAR(share(lost), 0.05 / 0.55, 0.002);
  EXPECT_NEAR(mean_run(lost), 2.0, 0.03);
  EXPECT_DOUBLE_EQ((FourState{.p13 = 0.05, .p31 = 0.5}.stationary_loss()), 0.05 / 0.55);
}

std::vector<double> deviations(Jitter kind, double correlation, int n) {
  TestLine line({.latency = 100_ms,
                 .distribution = kind,
                 .jitter = 1_ms,
                 .keep_order = false,
                 .jitter_correlation = correlation});
  for (int i = 0; i < n; ++i) line.message(SimTime::at(Duration::s(i)), i, 100);
  line.run();
  std::vector<double> out(static_cast<size_t>(n));
  for (const auto& e : line.b.events)
    out[static_cast<size_t>(tag_of(e))] = (e.time - SimTime::at(Duration::s(tag_of(e)))).count_ms() - 100;
  return out;
}

double mean(const std::vector<double>& v) {
  double sum = 0;
  for (double x : v) sum += x;
  return sum / static_cast<double>(v.size());
}

double covariance(const std::vector<double>& v, size_t lag) {
  const double m = mean(v);
  double sum = 0;
  for (size_t i = lag; i < v.size(); ++i) sum += (v[i] - m) * (v[i - lag] - m);
  return sum / static_cast<double>(v.size() - lag);
}

TEST(LinkImpairments, ParetoJitterHasTheMomentsOfTheCutDistribution) {
  // x(y) = min((4/3)(y^(-1/3) - 3/2), c), y uniform: with y0 where the cut begins,
  // E x = (4/3)((3/2)(1 - y0^(2/3)) - (3/2)(1 - y0)) + c y0 and E x^2 likewise.
  const double c = 32767.0 / 8192, y0 = std::pow(1.5 + 0.75 * c, -3.0);
  const double e1 = 4.0 / 3 * (1.5 * (1 - std::pow(y0, 2.0 / 3)) - 1.5 * (1 - y0)) + c * y0;
  const double e2 =
      16.0 / 9 * (3 * (1 - std::cbrt(y0)) - 3 * 1.5 * (1 - std::pow(y0, 2.0 / 3)) + 2.25 * (1 - y0)) +
      c * c * y0;
  const auto v = deviations(Jitter::pareto, 0, 200'000);
  EXPECT_NEAR(mean(v), e1, 4 * std::sqrt((e2 - e1 * e1) / 200'000));
  EXPECT_NEAR(covariance(v, 0), e2 - e1 * e1, 0.02);
  EXPECT_NEAR(*std::min_element(v.begin(), v.end()), -2.0 / 3, 1e-3);
  EXPECT_NEAR(*std::max_element(v.begin(), v.end()), c, 1e-3);
}

TEST(LinkImpairments, CorrelatedJitterKeepsItsDistribution) {
  for (const double c : {0.0, 0.25, 0.9}) {
    const auto normal = deviations(Jitter::normal, c, 100'000);
    EXPECT_NEAR(covariance(normal, 0), 1, 0.05) << c;
    EXPECT_NEAR(covariance(normal, 1) / covariance(normal, 0), c, 0.02) << c;
    const auto uniform = deviations(Jitter::uniform, c, 100'000);
    EXPECT_NEAR(covariance(uniform, 0), 1.0 / 3, 0.02) << c;
    // Of a Gaussian copula: (6/pi) asin(c/2).
    EXPECT_NEAR(covariance(uniform, 1) / covariance(uniform, 0), 6 / M_PI * std::asin(c / 2), 0.02) << c;
  }
}

std::vector<double> table(const std::string& name) {
  for (const char* folder : {"/usr/lib/x86_64-linux-gnu/tc/", "/usr/lib/aarch64-linux-gnu/tc/",
                             "/usr/lib/tc/", "/usr/share/tc/"}) {
    std::ifstream in(folder + name + ".dist");
    std::vector<double> out;
    for (std::string line; std::getline(in, line);) {
      if (line.empty() || line[0] == '#') continue;
      std::istringstream words(line);
      for (double v = 0; words >> v;) out.push_back(v / 8192);
    }
    if (!out.empty()) return out;
  }
  return {};
}

TEST(LinkImpairments, QuantilesAreThoseOfTheTablesOfIproute2) {
  if (table("pareto").empty()) GTEST_SKIP() << "no tc distribution tables: install Debian's package iproute2";
  for (const auto& [name, kind] : {std::pair("normal", Jitter::normal), std::pair("pareto", Jitter::pareto),
                                   std::pair("paretonormal", Jitter::paretonormal)}) {
    const auto values = table(name);
    ASSERT_EQ(values.size(), 4096u);
    double worst = 0;
    // The tables are coarse at their ends.
    for (size_t i = 8; i + 8 < values.size(); ++i)
      worst = std::max(worst, std::fabs(jitter_quantile(kind, static_cast<double>(i) / 4096) - values[i]));
    EXPECT_LT(worst, 0.01) << name;
  }
}

TEST(LinkImpairments, DuplicatesCorruptsAndReordersTheSharesItIsTold) {
  const int n = 50'000;
  TestLine line({.latency = 10_ms, .corrupt = 0.02, .duplicate = 0.05, .reorder = 0.25, .reorder_gap = 5});
  for (int i = 0; i < n; ++i) line.frame(SimTime::at(Duration::ms(i)), i, 100);
  line.run();
  const LinkStatistics& s = line.statistics();
  const auto near = [&](uint64_t count, double p, double of) {
    EXPECT_NEAR(static_cast<double>(count), p * of, 4 * std::sqrt(of * p * (1 - p)));
  };
  near(s.duplicated, 0.05, n);
  near(s.corrupted, 0.02, static_cast<double>(line.b.events.size()));
  EXPECT_EQ(line.b.events.size(), static_cast<size_t>(n) + s.duplicated);
  // Four in a row are delayed, then each overtakes with 25 %: mean distance 4 + 1/0.25.
  near(s.reordered, 1.0 / 8, static_cast<double>(line.b.events.size()));
  uint64_t overtaken = 0, spoiled = 0;
  sim::Bytes good;
  for (const auto& e : line.b.events) {
    overtaken += e.time == SimTime::at(Duration::ms(tag_of(e)));
    int bits = 0;
    for (size_t i = 0; i < e.data->size(); ++i) {
      if (good.empty()) good = *e.data;
      bits += __builtin_popcount(static_cast<unsigned>(good[i] ^ (*e.data)[i]));
    }
    EXPECT_LE(bits, 2);
    spoiled += bits > 0;
  }
  EXPECT_EQ(overtaken, s.reordered);
  // The first one might be the spoiled one all others are compared to.
  EXPECT_TRUE(spoiled == s.corrupted || spoiled == line.b.events.size() - s.corrupted);
}

TEST(LinkImpairments, ADuplicateOfALostPacketArrives) {
  TestLine line({.loss = 1, .duplicate = 1});
  for (int i = 0; i < 10; ++i) line.frame(SimTime::at(Duration::ms(i)), i, 100);
  line.run();
  EXPECT_EQ(line.b.events.size(), 10u);
}

TEST(LinkImpairments, ACorruptedMessageIsDropped) {
  TestLine line({.corrupt = 1});
  line.message(SimTime::zero(), 1, 100);
  line.run();
  EXPECT_TRUE(line.b.events.empty());
  EXPECT_EQ(line.statistics().lost, 1u);
}

// ---- queues -----------------------------------------------------------------------------------------------

TEST(LinkQueue, ThroughputIsTheRate) {
  TestLine line({.rate_bps = 10'000'000, .queue_packets = 100});
  // 1.5 times the rate for ten seconds, 1250 bytes each: 1 ms.
  for (int i = 0; i < 15'000; ++i) line.message(SimTime::at(Duration::us(i * 2000 / 3)), i, 1250);
  line.run(10_s);
  EXPECT_NEAR(static_cast<double>(line.b.events.size()), 10'000, 1);
  // The queue is full, so a packet waits for the 99 before it and is sent.
  const auto& last = line.b.events.back();
  EXPECT_NEAR((last.time - SimTime::at(Duration::us(tag_of(last) * 2000 / 3))).count_ms(), 100, 1.1);
}

TEST(LinkQueue, PoissonArrivalsWaitAsInAnMD1Queue) {
  // Mean time in the system: s + rho s / (2 (1 - rho)).
  for (const double rho : {0.5, 0.8}) {
    TestLine line({.rate_bps = 10'000'000});
    RandomStream random(7, "poisson", "arrivals");
    const int n = 200'000;
    std::vector<SimTime> sent(n);
    SimTime t;
    for (int i = 0; i < n; ++i) {
      t = t + Duration::seconds(random.exponential(1e-3 / rho));
      line.message(sent[static_cast<size_t>(i)] = t, i, 1250);
    }
    line.run();
    double sum = 0;
    for (const auto& e : line.b.events) sum += (e.time - sent[static_cast<size_t>(tag_of(e))]).count_ms();
    const double expected = 1 + rho / (2 * (1 - rho));
    EXPECT_NEAR(sum / n, expected, 0.03 * expected) << rho;
  }
}

TEST(LinkQueue, RedDropsTheShareItsAverageAsksFor) {
  // With the average held at the middle, p = probability / 2 and drops are uniform on 1..1/p packets apart.
  RedSettings s{.min_bytes = 10'000, .max_bytes = 30'000, .probability = 0.1};
  Red red;
  RandomStream random(3, "red", "test");
  for (int i = 0; i < 20'000; ++i) red.drop(s, 20'000, SimTime::zero(), 1'000'000, random);
  int drops = 0;
  const int n = 200'000;
  for (int i = 0; i < n; ++i) drops += red.drop(s, 20'000, SimTime::zero(), 1'000'000, random);
  const double p = 0.05;
  EXPECT_NEAR(static_cast<double>(drops) / n, 2 * p / (1 + p), 0.002);
  EXPECT_NEAR(red.average(), 20'000, 1);
  Red calm, full;
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(calm.drop(s, 9'999, SimTime::zero(), 1'000'000, random));
  for (int i = 0; i < 20'000; ++i) full.drop(s, 40'000, SimTime::zero(), 1'000'000, random);
  EXPECT_TRUE(full.drop(s, 40'000, SimTime::zero(), 1'000'000, random));
}

TEST(LinkQueue, RedWeighsAsTcDoes) {
  // tc red min 30000 max 90000 avpkt 1000 burst 55: `tc qdisc show` says ewma 5... that is 2^-5.
  EXPECT_DOUBLE_EQ((RedSettings{.min_bytes = 30'000, .max_bytes = 90'000, .burst_packets = 55}.weight()),
                   1.0 / 32);
}

TEST(LinkQueue, RedKeepsTheAverageBelowItsLimitUnderOverload) {
  TestLine line({.rate_bps = 10'000'000,
                 .discipline = QueueDiscipline::red,
                 .red = {.min_bytes = 15'000, .max_bytes = 45'000, .probability = 0.1}});
  for (int i = 0; i < 30'000; ++i) line.message(SimTime::at(Duration::us(i * 900)), i, 1250);
  line.run();
  EXPECT_GT(line.statistics().early_drops, 2000u);
  EXPECT_LT(line.statistics().most_queued_bytes, 60'000);
}

TEST(LinkQueue, CodelBringsTheDelayDownAndLeavesShortQueuesAlone) {
  for (const double load : {0.9, 1.3}) {
    TestLine line({.rate_bps = 10'000'000, .discipline = QueueDiscipline::codel});
    const int n = 40'000;
    std::vector<SimTime> sent(n);
    for (int i = 0; i < n; ++i)
      line.message(sent[static_cast<size_t>(i)] = SimTime::at(Duration::ns(std::llround(i * 1e6 / load))), i,
                   1250);
    line.run();
    if (load < 1) {
      EXPECT_EQ(line.statistics().delay_drops, 0u);
      continue;
    }
    // Unresponsive traffic: the drop rate rises until it takes what is too much, 1 - 1/1.3.
    EXPECT_NEAR(static_cast<double>(line.statistics().delay_drops) / n, 1 - 1 / 1.3, 0.03);
    double late = 0;
    size_t counted = 0;
    for (const auto& e : line.b.events) {
      if (tag_of(e) < n / 2) continue;
      late += (e.time - sent[static_cast<size_t>(tag_of(e))]).count_ms();
      ++counted;
    }
    // Without it, the queue would be seconds long by then.
    EXPECT_LT(late / static_cast<double>(counted), 600);
  }
}

TEST(LinkQueue, CodelFollowsItsControlLaw) {
  // A queue that is always late: the first drop one interval after the target was passed, the next ones
  // interval/sqrt(n) after each other.
  Codel codel;
  const CodelSettings s;
  std::vector<double> drops;
  for (int ms10 = 0; ms10 < 5000; ++ms10)
    if (codel.drop(s, 50_ms, 100'000, SimTime::at(Duration::us(100 * (ms10 + 1)))))
      drops.push_back(0.1 * (ms10 + 1));
  ASSERT_GT(drops.size(), 5u);
  EXPECT_NEAR(drops[0], 100.1, 0.11);
  double expected = drops[0];
  for (size_t i = 1; i < 5; ++i) {
    expected += 100 / std::sqrt(static_cast<double>(i));
    EXPECT_NEAR(drops[i], expected, 0.25) << i;
  }
}

// ---- shapers ----------------------------------------------------------------------------------------------

TEST(LinkShaper, ATokenBucketPassesItsBurstAndThenItsRate) {
  TestLine line({.rate_bps = 8'000'000, .burst_bytes = 10'000});
  for (int i = 0; i < 30; ++i) line.message(SimTime::zero(), i, 1000);
  line.run();
  ASSERT_EQ(line.b.events.size(), 30u);
  for (int i = 0; i < 30; ++i)
    EXPECT_EQ(line.b.events[static_cast<size_t>(i)].time, SimTime::at(Duration::ms(std::max(0, i - 9)))) << i;
}

TEST(LinkShaper, ThePeakRateSpacesTheBurst) {
  TestLine line(
      {.rate_bps = 8'000'000, .burst_bytes = 10'000, .peak_rate_bps = 16'000'000, .mtu_bytes = 1000});
  for (int i = 0; i < 30; ++i) line.message(SimTime::zero(), i, 1000);
  line.run();
  // Packet i needs i/2 ms of the peak bucket and i - 9 ms of the other.
  for (int i = 0; i < 30; ++i)
    EXPECT_EQ(line.b.events[static_cast<size_t>(i)].time,
              SimTime::at(std::max(Duration::us(500 * i), Duration::ms(i - 9))))
        << i;
}

TEST(LinkShaper, TheLimitOfAWaitingTimeIsThatOfTc) {
  // tc tbf rate 10mbit latency 100ms burst 1540: limit = 10 Mbit/s x 100 ms / 8 + 1540 bytes.
  const LinkParameters p{.rate_bps = 10'000'000, .burst_bytes = 1540, .queue_latency = 100_ms};
  EXPECT_EQ(p.queue_limit_bytes(), 126'540);
  TestLine line(p);
  for (int i = 0; i < 1000; ++i) line.message(SimTime::zero(), i, 1514);
  line.run();
  // One passes at once, then as many as fit.
  EXPECT_EQ(line.b.events.size(), 1u + 126'540 / 1514);
  EXPECT_NEAR(line.b.events.back().time.count_s(), 0.1, 0.0015);
}

TEST(LinkShaper, APacketLargerThanTheBurstIsDropped) {
  TestLine line({.rate_bps = 8'000'000, .burst_bytes = 1000});
  line.message(SimTime::zero(), 0, 1001);
  line.message(SimTime::zero(), 1, 1000);
  line.run();
  EXPECT_EQ(line.b.events.size(), 1u);
  EXPECT_EQ(line.statistics().too_large_drops, 1u);
}

TEST(LinkShaper, TheLineBehindAShaperSendsAtItsOwnRate) {
  TestLine line({.rate_bps = 8'000'000, .burst_bytes = 10'000, .line_rate_bps = 80'000'000});
  for (int i = 0; i < 3; ++i) line.message(SimTime::zero(), i, 1000);
  line.run();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(line.b.events[static_cast<size_t>(i)].time, SimTime::at(Duration::us(100 * (i + 1))));
}

/// Bits a second each priority gets when the given ones are always backlogged.
std::vector<double> shares(const LinkParameters& p, const std::set<uint8_t>& busy) {
  TestLine line(p);
  const int ms = 4000;
  for (int t = 0; t < ms; ++t)
    for (uint8_t pcp : busy)
      for (int k = 0; k < 2; ++k) line.frame(SimTime::at(Duration::ms(t)), pcp, 1000, pcp);
  line.run(Duration::ms(ms));
  std::vector<double> out(8);
  for (const auto& e : line.b.events)
    if (e.time > SimTime::at(1_s)) out[static_cast<size_t>(tag_of(e))] += 8000.0 / (ms / 1000.0 - 1);
  return out;
}

TEST(LinkShaper, ClassesGetTheirRatesAndBorrowTheRest) {
  LinkParameters p{
      .rate_bps = 10'000'000,
      .classes = {{.name = "a", .rate_bps = 1'000'000, .ceil_bps = 10'000'000, .priority = 0, .pcps = {5}},
                  {.name = "b", .rate_bps = 6'000'000, .ceil_bps = 10'000'000, .priority = 1, .pcps = {3}},
                  {.name = "c", .rate_bps = 3'000'000, .ceil_bps = 4'000'000, .priority = 2}}};
  const auto close = [](double got, double expected) {
    EXPECT_NEAR(got, expected, 0.03 * expected + 20'000);
  };
  // All busy: what is guaranteed, and nothing is left over.
  auto got = shares(p, {5, 3, 0});
  close(got[5], 1e6);
  close(got[3], 6e6);
  close(got[0], 3e6);
  // b is silent: a comes before c when its 6 Mbit/s are lent.
  got = shares(p, {5, 0});
  close(got[5], 7e6);
  close(got[0], 3e6);
  // c alone stops at its ceiling, a alone takes the link.
  close(shares(p, {0})[0], 4e6);
  close(shares(p, {5})[5], 10e6);
  // Equal priorities share what is lent by quantum.
  p.classes[1].priority = 0;
  p.classes[0].quantum = 2000;
  p.classes[1].quantum = 6000;
  p.classes[0].rate_bps = p.classes[1].rate_bps = 1'000'000;
  got = shares(p, {5, 3});
  close(got[5], 1e6 + 8e6 / 4);
  close(got[3], 1e6 + 8e6 * 3 / 4);
}

TEST(LinkShaper, AnInnerClassHoldsItsChildrenTogether) {
  const LinkParameters p{.rate_bps = 10'000'000,
                         .classes = {{.name = "tenant", .rate_bps = 4'000'000, .ceil_bps = 4'000'000},
                                     {.name = "t1",
                                      .parent = "tenant",
                                      .rate_bps = 1'000'000,
                                      .ceil_bps = 4'000'000,
                                      .priority = 0,
                                      .pcps = {5}},
                                     {.name = "t2",
                                      .parent = "tenant",
                                      .rate_bps = 2'000'000,
                                      .ceil_bps = 4'000'000,
                                      .priority = 1,
                                      .pcps = {3}},
                                     {.name = "rest", .rate_bps = 1'000'000, .ceil_bps = 10'000'000}}};
  const auto got = shares(p, {5, 3, 0});
  EXPECT_NEAR(got[5], 2e6, 8e4);
  EXPECT_NEAR(got[3], 2e6, 8e4);
  EXPECT_NEAR(got[0], 6e6, 2e5);
}

}  // namespace
}  // namespace xedgesim::net
