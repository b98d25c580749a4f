// What goes beyond the plain channel: shadowing, fading, capture, other channels, motion, interferers.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "harness.h"
#include "net/radio/channel.h"
#include "net/radio/error_model.h"
#include "net/radio/spatial_index.h"
#include "net/traffic/interferer.h"

namespace xedgesim::net {
namespace {

using air::Code;
using sim::ParticipantId;

constexpr ParticipantId kChannel{0};
constexpr int64_t kMhz = 2480;

SimTime us(int64_t v) { return SimTime::from_ns(v * 1000); }
ParticipantId id(int i) { return ParticipantId(static_cast<uint32_t>(i)); }

/// Stations 1, 2, ... on the x axis, 0 dBm, log-distance 3.0 with 40 dB at 1 m.
class Air {
 public:
  explicit Air(std::vector<ChannelStation> stations, ChannelConfig config = {}) {
    config.id = kChannel;
    probes_.resize(stations.size() + 1);
    channel_ = std::make_unique<Channel>(config, std::make_unique<LogDistance>(), std::move(stations));
    harness.add(kChannel, *channel_);
    for (size_t i = 1; i < probes_.size(); ++i) harness.add(id(static_cast<int>(i)), probes_[i]);
    channel_->reception.connect([this](const ReceptionRecord& r) { receptions.push_back(r); });
  }
  void say(int station, SimTime t, Code code, std::array<int64_t, 4> args = {},
           sim::SharedBytes data = nullptr) {
    harness.post(id(station), air::make(code, sim::EventKind::state, t, kChannel, args, std::move(data)));
  }
  void listen(int station, SimTime t, int64_t mhz = kMhz) { say(station, t, Code::listen, {mhz}); }
  void send(int station, SimTime t, size_t bytes = 20, int64_t mhz = kMhz, int64_t cdbm = 0) {
    auto psdu = std::make_shared<sim::Bytes>(bytes, static_cast<uint8_t>(station));
    (*psdu)[0] = 0x61;
    say(station, t, Code::tx_start, {mhz, cdbm}, psdu);
  }
  void run(Duration d = Duration::s(100)) { harness.run_until(SimTime::at(d)); }
  std::vector<sim::Event> got(int station, Code code) const {
    std::vector<sim::Event> out;
    for (const auto& e : probes_[static_cast<size_t>(station)].events)
      if (e.code == static_cast<uint32_t>(code)) out.push_back(e);
    return out;
  }
  Channel& channel() { return *channel_; }
  Harness harness;
  std::vector<ReceptionRecord> receptions;

 private:
  std::unique_ptr<Channel> channel_;
  std::vector<Probe> probes_;
};

ChannelStation station(int i, double x, double gain = 0, std::vector<WayPoint> way = {}) {
  return {.station = {.id = id(i), .x_m = x, .antenna_gain_db = gain},
          .name = fmt::format("s{}", i),
          .way = std::move(way)};
}

TEST(Variation, ShadowingIsNormalSymmetricAndAFunctionOfThePairAlone) {
  constexpr int kStations = 120;
  const auto build = [](int n) {
    std::vector<ChannelStation> s;
    for (int i = 1; i <= n; ++i) s.push_back(station(i, 10));
    Variation v;
    v.shadowing_db = 6;
    return std::make_unique<Air>(std::move(s), ChannelConfig{.seed = 3, .variation = v});
  };
  const auto air = build(kStations), smaller = build(kStations / 2);
  double sum = 0, squares = 0;
  int n = 0;
  for (int a = 1; a <= kStations; ++a)
    for (int b = a + 1; b <= kStations; ++b, ++n) {
      const int there = air->channel().received_cdbm(id(a), id(b), 0);
      EXPECT_EQ(there, air->channel().received_cdbm(id(b), id(a), 0));
      if (b <= kStations / 2) {
        EXPECT_EQ(there, smaller->channel().received_cdbm(id(a), id(b), 0));
      }
      const double db = (there + 4000) / 100.0;
      sum += db;
      squares += db * db;
    }
  const double mean = sum / n, sigma = std::sqrt(squares / n - mean * mean);
  EXPECT_NEAR(mean, 0, 4 * 6 / std::sqrt(n));
  EXPECT_NEAR(sigma, 6, 4 * 6 / std::sqrt(2.0 * n));
}

struct Moments {
  double mean = 0, variance = 0, below_minus_10_db = 0;
};
Moments fading_moments(Variation v) {
  constexpr int kBlocks = 200'000;
  Moments m;
  double squares = 0;
  for (int i = 0; i < kBlocks; ++i) {
    const double gain = std::pow(10.0, fading_gain_db(v, 12345, SimTime::at(v.coherence * i)) / 10);
    m.mean += gain / kBlocks;
    squares += gain * gain / kBlocks;
    m.below_minus_10_db += (gain < 0.1) / static_cast<double>(kBlocks);
  }
  m.variance = squares - m.mean * m.mean;
  return m;
}

TEST(Variation, RayleighPowerIsExponential) {
  Variation v;
  v.fading = Variation::Fading::rayleigh;
  const Moments m = fading_moments(v);
  EXPECT_NEAR(m.mean, 1, 0.01);
  EXPECT_NEAR(m.variance, 1, 0.03);
  EXPECT_NEAR(m.below_minus_10_db, 1 - std::exp(-0.1), 0.003);
}

TEST(Variation, RicianPowerHasItsMeanAndVariance) {
  Variation v;
  v.fading = Variation::Fading::rician;
  v.rician_k_db = 6;
  const double k = std::pow(10.0, 0.6);
  const Moments m = fading_moments(v);
  EXPECT_NEAR(m.mean, 1, 0.01);
  EXPECT_NEAR(m.variance, (2 * k + 1) / ((k + 1) * (k + 1)), 0.01);
}

TEST(Variation, FadingHoldsForABlockInBothDirections) {
  Variation v;
  v.fading = Variation::Fading::rayleigh;
  v.coherence = Duration::ms(10);
  Air air({station(1, 0), station(2, 10)}, {.seed = 3, .variation = v});
  const auto at = [&](int64_t t) { return air.channel().received_cdbm(id(1), id(2), 0, us(t)); };
  EXPECT_EQ(at(0), at(9'999));
  EXPECT_NE(at(0), at(10'000));
  EXPECT_EQ(at(0), air.channel().received_cdbm(id(2), id(1), 0, us(5'000)));
}

TEST(Capture, AMuchStrongerLaterFrameTakesOverOnlyWhenItIsOn) {
  for (const double threshold : {-1.0, 10.0}) {
    // At 3: 1 gives -70 dBm, 2 gives -40 dBm.
    Air air({station(1, 0), station(2, 9), station(3, 10)}, {.capture_threshold_db = threshold});
    air.listen(3, us(0));
    air.send(1, us(1000), 60);
    air.send(2, us(1500), 20);
    air.run();
    const auto ends = air.got(3, Code::frame_end);
    ASSERT_EQ(ends.size(), 1u) << threshold;
    if (threshold < 0) {
      EXPECT_EQ(ends[0].time, us(1000 + 192 + 60 * 32));
      EXPECT_EQ(ends[0].args[0], 0);  // broken by the strong one
    } else {
      EXPECT_EQ(ends[0].time, us(1500 + 192 + 20 * 32));
      EXPECT_EQ(ends[0].args[0], 1);
    }
  }
}

TEST(Capture, AFrameBelowTheThresholdDoesNotTakeOver) {
  // At 3: 1 gives -70 dBm, 2 gives -61 dBm: 9 dB above it.
  Air air({station(1, 0), station(2, 5), station(3, 10)}, {.capture_threshold_db = 10});
  air.listen(3, us(0));
  air.send(1, us(1000), 60);
  air.send(2, us(1500), 20);
  air.run();
  ASSERT_EQ(air.got(3, Code::frame_end).size(), 1u);
  EXPECT_EQ(air.got(3, Code::frame_end)[0].time, us(1000 + 192 + 60 * 32));
}

TEST(AdjacentChannels, SpillOverLessTheirRejection) {
  Air air({station(1, 0), station(2, 10)}, {.adjacent_rejection_db = {21, 48}});
  air.listen(2, us(0));
  for (int apart = 1; apart <= 3; ++apart) {
    air.send(1, us(10'000 * apart), 60, kMhz - 5 * apart);
    air.say(2, us(10'000 * apart + 500), Code::rssi_sample, {kMhz, 0, 0, apart});
  }
  air.run();
  const auto levels = air.got(2, Code::rssi_result);
  ASSERT_EQ(levels.size(), 3u);
  const double noise = mw_from_cdbm(-10699);
  EXPECT_NEAR(static_cast<double>(levels[0].args[0]), -9100, 12);  // -70 - 21 and the noise
  EXPECT_NEAR(static_cast<double>(levels[1].args[0]), 1000 * std::log10(mw_from_cdbm(-11800) + noise), 2);
  EXPECT_NEAR(static_cast<double>(levels[2].args[0]), -10699, 1);
  EXPECT_TRUE(air.got(2, Code::frame_end).empty());  // nobody takes up a frame of another channel
}

TEST(AdjacentChannels, ReachingBackToAChannelUsedFirstOrLast) {
  // The band of the listener exists before and after the other one's.
  for (const bool listener_first : {true, false}) {
    Air air({station(1, 0), station(2, 10), station(3, 10)}, {.adjacent_rejection_db = {0}});
    air.listen(listener_first ? 2 : 3, us(0), listener_first ? kMhz : kMhz - 5);
    air.listen(listener_first ? 3 : 2, us(1), listener_first ? kMhz - 5 : kMhz);
    air.send(1, us(1000), 60, kMhz - 5);
    air.say(2, us(1500), Code::rssi_sample, {kMhz, 0, 0, 0});
    air.run();
    EXPECT_NEAR(static_cast<double>(air.got(2, Code::rssi_result).at(0).args[0]), -7000, 1);
  }
}

TEST(Gain, AntennasAndPowerAddUp) {
  Air air({station(1, 0, 2.5), station(2, 10, -1)});
  EXPECT_EQ(air.channel().received_cdbm(id(1), id(2), 800), 800 - 7000 + 250 - 100);
}

TEST(Motion, LossFollowsTheWay) {
  // From 10 m to 100 m between 10 s and 20 s.
  Air air({station(1, 0), station(2, 10, 0,
                                  {{.time = SimTime::at(Duration::s(10)), .x_m = 10},
                                   {.time = SimTime::at(Duration::s(20)), .x_m = 100}})});
  const auto loss = [&](int64_t ms) {
    return -air.channel().received_cdbm(id(1), id(2), 0, us(ms * 1000)) / 100.0;
  };
  EXPECT_NEAR(loss(0), 70, 0.01);
  EXPECT_NEAR(loss(10'000), 70, 0.01);
  EXPECT_NEAR(loss(15'000), 40 + 30 * std::log10(55.0), 0.01);
  EXPECT_NEAR(loss(17'500), 40 + 30 * std::log10(77.5), 0.01);
  EXPECT_NEAR(loss(99'000), 100, 0.01);
  // At -30 dBm it arrives with -100 dBm from 10 m, and with -129 dBm from 91 m.
  air.listen(2, us(0));
  for (int64_t s : {5, 19}) air.send(1, us(s * 1'000'000), 20, kMhz, -3000);
  air.run();
  EXPECT_EQ(air.got(2, Code::frame_end).size(), 1u);
}

class Noise : public testing::Test {
 protected:
  void add(Air& air, InterfererConfig::Shape shape, double duty, double dbm = 0) {
    noise_ = std::make_unique<Interferer>(InterfererConfig{.self = id(3),
                                                           .channel = kChannel,
                                                           .name = "noise",
                                                           .seed = 5,
                                                           .shape = shape,
                                                           .frequencies_mhz = {kMhz},
                                                           .power_dbm = dbm,
                                                           .duty_cycle = duty});
    air.harness.add(id(3), *noise_);
  }
  /// Share of RSSI samples that see the interferer.
  double share(Air& air) {
    constexpr int kSamples = 20'000;
    for (int k = 0; k < kSamples; ++k) air.say(2, us(137 + 1009 * k), Code::rssi_sample, {kMhz, 0, 0, k});
    air.run();
    int busy = 0;
    for (const auto& e : air.got(2, Code::rssi_result)) busy += e.args[0] > -9000;
    return busy / static_cast<double>(kSamples);
  }
  std::unique_ptr<Interferer> noise_;
};

TEST_F(Noise, IsOnForItsDutyCycle) {
  for (const auto& [shape, duty, tolerance] : {std::tuple{InterfererConfig::Shape::constant, 1.0, 0.0},
                                               {InterfererConfig::Shape::periodic, 0.3, 0.01},
                                               {InterfererConfig::Shape::wifi, 0.3, 0.02},
                                               {InterfererConfig::Shape::wifi, 0.8, 0.02}}) {
    Air air({station(1, 0), station(2, 10), station(3, 20)});
    add(air, shape, duty);
    EXPECT_NEAR(share(air), duty, tolerance);
  }
}

TEST_F(Noise, BreaksFramesAsItsSinrSaysAndIsNoFrameItself) {
  // Signal -70 dBm; noise at 10 m with 1.2 dBm gives a SINR of -1.2 dB.
  Air air({station(1, 0), station(2, 10), station(3, 20)});
  add(air, InterfererConfig::Shape::constant, 1, 1.2);
  air.listen(2, us(1));
  constexpr int kFrames = 2000;
  for (int k = 0; k < kFrames; ++k) air.send(1, us(10'000 * (k + 1)), 20);
  air.run();
  const auto ends = air.got(2, Code::frame_end);
  ASSERT_EQ(ends.size(), static_cast<size_t>(kFrames));
  int bad = 0;
  for (const auto& e : ends) bad += e.args[0] == 0;
  const double sinr = mw_from_cdbm(-7000) / (mw_from_cdbm(-6880) + air.channel().noise_floor_mw());
  const double per = oqpsk_packet_error_rate(sinr, 8 * (20 + 6));
  ASSERT_GT(per, 0.1);
  ASSERT_LT(per, 0.9);
  EXPECT_NEAR(bad / static_cast<double>(kFrames), per, 4 * std::sqrt(per * (1 - per) / kFrames) + 0.01);
}

TEST_F(Noise, KeepsACcaBusy) {
  Air air({station(1, 0), station(2, 10), station(3, 20)});
  add(air, InterfererConfig::Shape::constant, 1);
  for (const auto mode : {air::CcaMode::energy, air::CcaMode::carrier})
    air.say(2, us(1000 * static_cast<int64_t>(mode)), Code::cca_start,
            {kMhz, static_cast<int64_t>(mode), -8000, 0});
  air.run(Duration::s(1));
  const auto results = air.got(2, Code::cca_result);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].args[0], 1);
  EXPECT_EQ(results[1].args[0], 0);  // there is no carrier to correlate with
}

TEST(SpatialIndex, FindsEverybodyWithinTheRadius) {
  RandomStream random(1, "index", "test");
  for (const double cell : {7.0, 60.0, 1e4, HUGE_VAL}) {
    SpatialIndex index(cell);
    std::vector<std::pair<double, double>> at;
    std::vector<bool> in;
    for (uint32_t i = 0; i < 500; ++i) {
      at.emplace_back(random.uniform(-300, 300), random.uniform(-300, 300));
      in.push_back(true);
      index.insert(i, at[i].first, at[i].second, i % 97 == 0);
    }
    for (int round = 0; round < 300; ++round) {
      const uint32_t i = random.below(500);
      if (in[i])
        index.erase(i);
      else
        index.insert(i, at[i].first, at[i].second, i % 97 == 0);
      in[i] = !in[i];
      const double x = random.uniform(-400, 400), y = random.uniform(-400, 400), r = random.uniform(0, 200);
      std::vector<uint32_t> found;
      index.near(x, y, r, found);
      EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
      EXPECT_TRUE(std::adjacent_find(found.begin(), found.end()) == found.end());
      for (uint32_t k = 0; k < 500; ++k) {
        const bool is_in = std::binary_search(found.begin(), found.end(), k);
        const double d = std::hypot(at[k].first - x, at[k].second - y);
        if (is_in) {
          EXPECT_TRUE(in[k]);
        }
        if (in[k] && d <= r) {
          EXPECT_TRUE(is_in);
        }
        // It looks at the cells that the square round the circle touches; those that move are everywhere.
        if (cell == 60.0 && d > (r + cell) * std::sqrt(2.0) && k % 97 != 0) {
          EXPECT_FALSE(is_in);
        }
      }
    }
  }
}

TEST(PathLoss, RangeIsTheInverseOfLoss) {
  const LogDistance log(3.5, 1, 40);
  const FreeSpace free;
  const air::Station here{};
  for (const double d : {2.0, 30.0, 700.0}) {
    const air::Station there{.x_m = d};
    EXPECT_NEAR(log.range_m(log.loss_db(here, there)), d, 1e-9 * d);
    EXPECT_NEAR(free.range_m(free.loss_db(here, there)), d, 1e-9 * d);
  }
  const RangeLoss range(100);
  EXPECT_EQ(range.loss_db(here, {.x_m = 100}), 0);
  EXPECT_TRUE(std::isinf(range.loss_db(here, {.x_m = 100.1})));
  EXPECT_TRUE(std::isinf(LossMatrix().range_m(80)));
}

}  // namespace
}  // namespace xedgesim::net
