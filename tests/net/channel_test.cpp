#include "net/radio/channel.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "harness.h"

namespace xedgesim::net {
namespace {

using air::CcaMode;
using air::Code;
using air::Filter;
using sim::ParticipantId;

constexpr ParticipantId kChannel{0};
constexpr int64_t kMhz = 2480;

SimTime us(int64_t v) { return SimTime::from_ns(v * 1000); }

// Stations 1, 2, ... whose pairwise losses the test gives; they send 0 dBm.
class Air {
 public:
  explicit Air(int n, ChannelConfig config = {}) {
    config.id = kChannel;
    auto loss = std::make_unique<LossMatrix>();
    loss_ = loss.get();
    std::vector<ChannelStation> stations;
    for (int i = 1; i <= n; ++i)
      stations.push_back(
          {{.id = ParticipantId(static_cast<uint32_t>(i)), .sensitivity_dbm = -100}, fmt::format("s{}", i)});
    channel_ = std::make_unique<Channel>(config, std::move(loss), stations);
    harness_.add(kChannel, *channel_);
    probes_.resize(static_cast<size_t>(n) + 1);
    for (int i = 1; i <= n; ++i)
      harness_.add(ParticipantId(static_cast<uint32_t>(i)), probes_[static_cast<size_t>(i)]);
    channel_->reception.connect([this](const ReceptionRecord& r) { receptions.push_back(r); });
  }
  void loss(int a, int b, double db) { loss_->set(id(a), id(b), db); }
  void say(int station, SimTime t, Code code, std::array<int64_t, 4> args = {},
           sim::SharedBytes data = nullptr) {
    harness_.post(id(station), air::make(code, sim::EventKind::state, t, kChannel, args, std::move(data)));
  }
  void listen(int station, SimTime t, int64_t mhz = kMhz) { say(station, t, Code::listen, {mhz}); }
  void send(int station, SimTime t, size_t bytes = 20, int64_t mhz = kMhz) {
    auto psdu = std::make_shared<sim::Bytes>(bytes, static_cast<uint8_t>(station));
    (*psdu)[0] = 0x61;
    say(station, t, Code::tx_start, {mhz, 0}, psdu);
  }
  void run() { harness_.run_until(SimTime::at(Duration::s(100))); }
  std::vector<sim::Event> got(int station, Code code) const {
    std::vector<sim::Event> out;
    for (const auto& e : probes_[static_cast<size_t>(station)].events)
      if (e.code == static_cast<uint32_t>(code)) out.push_back(e);
    return out;
  }
  Outcome outcome(int source, int receiver) const {
    for (const auto& r : receptions)
      if (r.source == id(source) && r.receiver == id(receiver)) return r.outcome;
    ADD_FAILURE() << "no record of " << source << " at " << receiver;
    return Outcome::ok;
  }
  static ParticipantId id(int i) { return ParticipantId(static_cast<uint32_t>(i)); }
  Channel& channel() { return *channel_; }
  std::vector<ReceptionRecord> receptions;

 private:
  Harness harness_;
  LossMatrix* loss_;
  std::unique_ptr<Channel> channel_;
  std::vector<Probe> probes_;
};

TEST(Channel, DeliversTheHeaderAndTheFrameWhenTheyEnd) {
  Air air(2);
  air.loss(1, 2, 60);
  air.listen(2, us(5));
  air.send(1, us(1000), 20);
  air.run();
  const auto starts = air.got(2, Code::frame_start), ends = air.got(2, Code::frame_end);
  ASSERT_EQ(starts.size(), 1u);
  EXPECT_EQ(starts[0].time, us(1192));
  EXPECT_EQ(starts[0].kind, sim::EventKind::delivery);
  EXPECT_EQ(starts[0].args[0], 20);
  EXPECT_EQ(starts[0].args[1], -6000);
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends[0].time, us(1192 + 640));
  EXPECT_EQ(ends[0].args[0], 1);
  EXPECT_EQ(ends[0].args[1], -6000);
  EXPECT_EQ(ends[0].args[2], 255);
  EXPECT_EQ(ends[0].data->size(), 20u);
  EXPECT_TRUE(air.got(1, Code::frame_end).empty());
}

TEST(Channel, AReceiverMustListenSinceBeforeTheFrame) {
  for (const auto& [since, heard] : {std::pair{999, true}, {1000, true}, {1001, false}}) {
    Air air(2);
    air.loss(1, 2, 60);
    air.listen(2, us(since));
    air.send(1, us(1000));
    air.run();
    EXPECT_EQ(air.got(2, Code::frame_end).size(), heard ? 1u : 0u) << since;
    if (!heard) {
      EXPECT_EQ(air.outcome(1, 2), Outcome::not_listening);
    }
  }
}

TEST(Channel, EqualTimesDoNotDependOnWhoIsNamedFirst) {
  // Station 3 comes after station 1 in the order of events, and starts to listen at the same instant as 1
  // sends.
  for (const int listener : {1, 3}) {
    Air air(3);
    air.loss(1, 2, 60);
    air.loss(2, 3, 60);
    air.listen(listener, us(1000));
    air.send(2, us(1000));
    air.run();
    EXPECT_EQ(air.got(listener, Code::frame_end).size(), 1u) << listener;
  }
  // Of two frames begun at once the stronger is taken up, whoever sends it.
  for (const int strong : {1, 3}) {
    Air air(3);
    air.loss(1, 2, strong == 1 ? 50 : 80);
    air.loss(3, 2, strong == 3 ? 50 : 80);
    air.listen(2, us(0));
    air.send(1, us(1000));
    air.send(3, us(1000));
    air.run();
    const auto ends = air.got(2, Code::frame_end);
    ASSERT_EQ(ends.size(), 1u);
    EXPECT_EQ(ends[0].args[0], 1);
    EXPECT_EQ((*ends[0].data)[5], strong);
  }
}

TEST(Channel, SwitchingOffOrAwayLosesTheFrame) {
  Air air(4);
  for (int r : {2, 3, 4}) air.loss(1, r, 60);
  for (int r : {2, 3, 4}) air.listen(r, us(0));
  air.send(1, us(1000));
  air.say(2, us(1100), Code::unlisten);
  air.listen(3, us(1500), 2405);
  air.send(4, us(1600));
  air.run();
  for (int r : {2, 3, 4}) EXPECT_TRUE(air.got(r, Code::frame_end).empty()) << r;
  EXPECT_TRUE(air.got(2, Code::frame_start).empty());
  EXPECT_EQ(air.got(3, Code::frame_start).size(), 1u);
  EXPECT_EQ(air.got(4, Code::frame_start).size(), 1u);
}

TEST(Channel, FrequenciesDoNotHearEachOther) {
  Air air(4);
  air.loss(1, 2, 60);
  air.loss(3, 2, 40);
  air.loss(3, 4, 60);
  air.listen(2, us(0), 2405);
  air.listen(4, us(0), 2410);
  air.send(1, us(1000), 20, 2405);
  air.send(3, us(1100), 20, 2410);
  air.run();
  EXPECT_EQ(air.got(2, Code::frame_end).at(0).args[0], 1);
  EXPECT_EQ(air.got(4, Code::frame_end).at(0).args[0], 1);
}

TEST(Channel, LossesHaveTheirReasons) {
  Air air(4);
  air.loss(1, 2, 60);
  air.loss(3, 2, 56);  // after its begin the frame of 1 has -4 dB
  air.loss(1, 4, 101);
  air.loss(3, 4, 200);
  air.listen(2, us(0));
  air.listen(4, us(0));
  air.send(1, us(1000), 100);
  air.send(3, us(2000), 100);
  air.run();
  const auto ends = air.got(2, Code::frame_end);
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends[0].args[0], 0);
  EXPECT_EQ(ends[0].time, us(1000 + 192 + 3200));
  EXPECT_EQ(air.outcome(1, 2), Outcome::collision);
  EXPECT_EQ(air.outcome(3, 2), Outcome::receiver_busy);
  EXPECT_EQ(air.outcome(1, 4), Outcome::below_sensitivity);
  // Bits are wrong where the other frame was, and only there.
  const sim::Bytes& bytes = *ends[0].data;
  const size_t first = (2000 - 1192) / 32;
  for (size_t i = 1; i < first; ++i) EXPECT_EQ(bytes[i], 1) << i;
  int wrong = 0;
  for (size_t i = first; i < bytes.size(); ++i) wrong += bytes[i] != 1;
  EXPECT_GT(wrong, 3);
}

TEST(Channel, AStrongFrameSurvivesAWeakOne) {
  Air air(3);
  air.loss(1, 2, 50);
  air.loss(3, 2, 75);
  air.listen(2, us(0));
  air.send(1, us(1000), 100);
  air.send(3, us(2000), 100);
  air.run();
  EXPECT_EQ(air.got(2, Code::frame_end).at(0).args[0], 1);
  EXPECT_EQ(air.receptions.at(0).sinr_cdb, 2500);
}

TEST(Channel, NoCaptureAfterTheLock) {
  Air air(3);
  air.loss(1, 2, 80);
  air.loss(3, 2, 40);
  air.listen(2, us(0));
  air.send(1, us(1000), 100);
  air.send(3, us(1001), 20);
  air.run();
  const auto ends = air.got(2, Code::frame_end);
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends[0].args[0], 0);
  EXPECT_EQ(air.outcome(3, 2), Outcome::receiver_busy);
}

TEST(Channel, TheFrameErrorRateIsThatOfTheFormula) {
  // 0.5 dB below the noise floor: PER of 20 + 6 bytes by the formula, written another way.
  const double snr = std::pow(10.0, (-99.99 + 106.99 - 7.5) / 10.0);
  Air noisy(2, {.seed = 3, .noise_figure_db = 7.5});
  noisy.loss(1, 2, 99.99);
  noisy.listen(2, us(0));
  const int n = 20'000;
  for (int i = 0; i < n; ++i) noisy.send(1, us(1000 + i * 4000), 20);
  noisy.run();
  int bad = 0;
  for (const auto& e : noisy.got(2, Code::frame_end)) {
    bad += e.args[0] == 0;
    const bool same = e.data->at(0) == 0x61 &&
                      std::all_of(e.data->begin() + 1, e.data->end(), [](uint8_t b) { return b == 1; });
    EXPECT_EQ(same, e.args[0] != 0);
  }
  ASSERT_EQ(noisy.got(2, Code::frame_end).size(), static_cast<size_t>(n));
  double per = 0;
  {
    double ber = 0, sign = 1, binomial = 120;
    for (int k = 2; k <= 16; ++k, sign = -sign) {
      ber += sign * binomial * std::exp(20 * snr * (1.0 / k - 1));
      binomial = binomial * (16 - k) / (k + 1);
    }
    per = 1 - std::pow(1 - ber * 8 / 15 / 16, 26 * 8);
  }
  ASSERT_GT(per, 0.05);
  ASSERT_LT(per, 0.95);
  EXPECT_NEAR(bad / double{n}, per, 4 * std::sqrt(per * (1 - per) / n));
}

TEST(Channel, AnAbortedFrameRunsOnAtItsReceiver) {
  Air air(3);
  air.loss(1, 2, 60);
  air.listen(2, us(0));
  air.send(1, us(1000), 100);
  air.say(1, us(2000), Code::tx_abort);
  air.run();
  const auto ends = air.got(2, Code::frame_end);
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends[0].args[0], 0);
  EXPECT_EQ(ends[0].time, us(1000 + 192 + 3200));
  EXPECT_EQ(air.outcome(1, 2), Outcome::aborted);
}

TEST(Channel, AnAbortBeforeTheHeaderFreesTheReceiver) {
  Air air(3);
  air.loss(1, 2, 60);
  air.loss(3, 2, 60);
  air.listen(2, us(0));
  air.send(1, us(1000), 100);
  air.say(1, us(1100), Code::tx_abort);
  air.send(3, us(1200), 20);
  air.run();
  const auto ends = air.got(2, Code::frame_end);
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends[0].args[0], 1);
  EXPECT_EQ(air.got(2, Code::frame_start).size(), 1u);
  EXPECT_EQ(air.channel().statistics().aborted, 1u);
}

TEST(Channel, CcaAnswersAfter128Microseconds) {
  Air air(2);
  air.loss(1, 2, 60);
  air.say(2, us(1000), Code::cca_start, {kMhz, 1, -7500, 77});
  air.run();
  const auto results = air.got(2, Code::cca_result);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].time, us(1128));
  EXPECT_EQ(results[0].args, (std::array<int64_t, 4>{0, -10699, 0, 77}));
}

bool cca_busy(ChannelConfig config, CcaMode mode, int64_t threshold, SimTime start, double loss_db,
              bool tuned, int* level = nullptr) {
  Air air(2, config);
  air.loss(1, 2, loss_db);
  if (tuned) air.listen(2, us(0));
  air.send(1, us(10'000), 20);  // until 10832
  air.say(2, start, Code::cca_start, {kMhz, static_cast<int64_t>(mode), threshold, 0});
  air.run();
  const auto r = air.got(2, Code::cca_result);
  if (level) *level = static_cast<int>(r.at(0).args[1]);
  return r.at(0).args[0] != 0;
}

TEST(Channel, EnergyIsAveragedOverTheEightSymbols) {
  int level = 0;
  // A quarter of the window at -60 dBm: -66 dBm.
  EXPECT_TRUE(cca_busy({}, CcaMode::energy, -6603, us(10'000 - 96), 60, true, &level));
  EXPECT_EQ(level, -6602);
  EXPECT_FALSE(cca_busy({}, CcaMode::energy, -6601, us(10'000 - 96), 60, true));
  // ... also when the frame ends within it.
  EXPECT_TRUE(cca_busy({}, CcaMode::energy, -6603, us(10'832 - 32), 60, true));
  EXPECT_FALSE(cca_busy({}, CcaMode::energy, -6603, us(10'832), 60, true));
  EXPECT_FALSE(cca_busy({}, CcaMode::energy, -6603, us(10'000 - 128), 60, true));
}

TEST(Channel, TheInstantaneousRuleSeesBeginsAndTheEndOfTheWindow) {
  const ChannelConfig c{.convention = Convention::ns3};
  EXPECT_TRUE(cca_busy(c, CcaMode::energy, -6001, us(10'000 - 127), 60, true));
  EXPECT_FALSE(cca_busy(c, CcaMode::energy, -6001, us(10'832 - 127), 60, true));
  EXPECT_TRUE(cca_busy(c, CcaMode::carrier, 0, us(10'000 - 127), 60, true));
  EXPECT_FALSE(cca_busy(c, CcaMode::carrier, 0, us(10'832 - 127), 60, true));
}

TEST(Channel, CarrierIsSeenBelowTheEnergyThresholdAndByReceiversThatDoNotListen) {
  for (const bool tuned : {false, true}) {
    EXPECT_TRUE(cca_busy({}, CcaMode::carrier, -7000, us(10'300), 90, tuned));
    EXPECT_FALSE(cca_busy({}, CcaMode::energy, -7000, us(10'300), 90, tuned));
    EXPECT_FALSE(cca_busy({}, CcaMode::carrier_and_energy, -7000, us(10'300), 90, tuned));
    EXPECT_TRUE(cca_busy({}, CcaMode::carrier_or_energy, -7000, us(10'300), 90, tuned));
    EXPECT_TRUE(cca_busy({}, CcaMode::carrier_and_energy, -9100, us(10'300), 90, tuned));
    EXPECT_FALSE(cca_busy({}, CcaMode::carrier, -7000, us(10'300), 113, tuned));
    EXPECT_FALSE(cca_busy({}, CcaMode::carrier, -7000, us(20'300), 60, tuned));
  }
}

TEST(Channel, EnergyDetectionReportsTheHighestOfItsMeans) {
  Air air(2);
  air.loss(1, 2, 60);
  air.say(2, us(1000), Code::ed_start, {kMhz, 10 * 128'000, 0, 5});
  air.send(1, us(1000 + 128 * 3), 2);  // 256 us long: two windows
  air.say(2, us(9000), Code::ed_start, {kMhz, 128'000, 0, 6});
  air.run();
  const auto r = air.got(2, Code::ed_result);
  ASSERT_EQ(r.size(), 2u);
  EXPECT_EQ(r[0].time, us(2280));
  EXPECT_EQ(r[0].args, (std::array<int64_t, 4>{-6000, 0, 0, 5}));
  EXPECT_EQ(r[1].args, (std::array<int64_t, 4>{-10699, 0, 0, 6}));
}

TEST(Channel, ALongEnergyDetectionRemembersItsWholeDuration) {
  Air air(2);
  air.loss(1, 2, 60);
  air.say(2, us(0), Code::ed_start, {kMhz, 1'280'000'000, 0, 5});
  air.send(1, us(500), 20);
  for (int i = 1; i < 100; ++i) air.send(1, us(10'000 * i), 20, 2405);
  air.send(1, us(1'200'000), 20, kMhz);
  air.run();
  EXPECT_EQ(air.got(2, Code::ed_result).at(0).args[0], -6000);
}

TEST(Channel, RssiIsTheLevelAfterTheSettleTime) {
  Air air(3);
  air.loss(1, 2, 60);
  air.loss(3, 2, 60);
  air.send(1, us(1000));
  air.send(3, us(1100));
  for (const int t : {900, 1050, 1150}) air.say(2, us(t), Code::rssi_sample, {kMhz, 250, 0, t});
  air.run();
  const auto r = air.got(2, Code::rssi_result);
  ASSERT_EQ(r.size(), 3u);
  EXPECT_EQ(r[0].time, us(900) + Duration::ns(250));
  EXPECT_EQ(r[0].args[0], -10699);
  EXPECT_EQ(r[1].args[0], -6000);
  EXPECT_EQ(r[2].args[0], -5699);
  EXPECT_EQ(r[2].args[3], 1150);
}

TEST(Channel, AFilterLetsThroughWhatItNames) {
  const auto frame = [](uint16_t destination) {
    return std::make_shared<sim::Bytes>(
        ieee802154::build({.destination = ieee802154::Address::make_short(1, destination)}, {}));
  };
  Air air(3);
  air.loss(1, 2, 60);
  air.loss(1, 3, 60);
  const auto filter = [&](int station, int64_t t, Filter f, int64_t acks_until = 0) {
    air.say(station, us(t), Code::listen,
            {kMhz, static_cast<int64_t>(f), 1 << 16 | station, us(acks_until).count_ns()});
  };
  filter(2, 0, Filter::addressed);
  filter(3, 0, Filter::addressed_and_acks, 7353);
  air.say(1, us(1000), Code::tx_start, {kMhz, 0}, frame(2));
  air.say(1, us(3000), Code::tx_start, {kMhz, 0}, frame(3));
  air.say(1, us(5000), Code::tx_start, {kMhz, 0}, frame(0xffff));
  air.say(1, us(7000), Code::tx_start, {kMhz, 0}, std::make_shared<sim::Bytes>(ieee802154::build_ack(1)));
  // One acknowledgement that ends when the station has given up, one that it does not wait for.
  filter(3, 7500, Filter::addressed_and_acks, 8352);
  air.say(1, us(8000), Code::tx_start, {kMhz, 0}, std::make_shared<sim::Bytes>(ieee802154::build_ack(1)));
  filter(3, 8500, Filter::addressed);
  air.say(1, us(9000), Code::tx_start, {kMhz, 0}, std::make_shared<sim::Bytes>(ieee802154::build_ack(1)));
  air.say(1, us(11'000), Code::tx_start, {kMhz, 0}, frame(9));
  air.run();
  EXPECT_EQ(air.got(2, Code::frame_end).size(), 2u);
  EXPECT_EQ(air.got(3, Code::frame_end).size(), 3u);
  EXPECT_TRUE(air.got(2, Code::frame_start).empty());
}

TEST(Channel, ANewStationDoesNotShiftTheOthersDraws) {
  const auto errors = [](int n) {
    Air air(n, {.seed = 5, .noise_figure_db = 7.5});
    air.loss(1, 2, 99.99);
    if (n > 2) air.loss(1, 3, 99.99);
    air.listen(2, us(0));
    if (n > 2) air.listen(3, us(0));
    for (int i = 0; i < 300; ++i) air.send(1, us(1000 + i * 4000), 20);
    air.run();
    std::vector<int64_t> out;
    for (const auto& e : air.got(2, Code::frame_end)) out.push_back(e.args[0]);
    return out;
  };
  EXPECT_EQ(errors(2), errors(3));
}

TEST(Channel, RefusesWhatMakesNoSense) {
  const auto build = [](std::vector<ChannelStation> s) {
    Channel c({.id = kChannel}, std::make_unique<LogDistance>(), std::move(s));
  };
  EXPECT_THROW(build({{{.id = Air::id(1)}, "a"}, {{.id = Air::id(1)}, "b"}}), ConfigError);
  EXPECT_THROW(build({{{.id = Air::id(1), .x_m = NAN}, "a"}}), ConfigError);
  Air air(1);
  air.send(1, us(0), 128);
  EXPECT_THROW(air.run(), SimulationError);
}

}  // namespace
}  // namespace xedgesim::net
