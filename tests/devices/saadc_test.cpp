#include <gtest/gtest.h>

#include <cmath>

#include "chip.h"

namespace xedgesim::test {
namespace {

constexpr uint32_t kBase = 0x40007000, kBuffer = 0x20000100;
constexpr uint32_t kStart = 0x000, kSample = 0x004, kStop = 0x008;
constexpr uint32_t kStarted = 0x100, kEnd = 0x104, kDone = 0x108, kResultDone = 0x10c, kStopped = 0x114;
constexpr uint32_t kPselP = 0x510, kPselN = 0x514, kConfig = 0x518, kLimit = 0x51c;
constexpr uint32_t kPtr = 0x62c, kMaxcnt = 0x630, kAmount = 0x634;

struct Feed : bus::AnalogSource {
  double volts_of[8] = {};
  std::vector<SimTime> asked;
  double volts(unsigned ain, SimTime t) override {
    asked.push_back(t);
    return volts_of[ain];
  }
};

struct SaadcTest : testing::Test {
  Feed feed;
  Chip c;
  bus::Device* saadc = nullptr;
  void SetUp() override {
    c.resources.analog = &feed;
    saadc = &c.add("nrf.saadc", "saadc", kBase, 7);
    wr(*saadc, 0x500, 1);
    wr(*saadc, kPtr, kBuffer);
    wr(*saadc, kMaxcnt, 4);
    wr(*saadc, 0x5f0, 2);  // 12 bit
  }
  /// Gain 1/6, internal reference, 10 us, single-ended.
  void channel(unsigned n, unsigned ain, uint32_t extra = 0, uint32_t tacq = 2) {
    wr(*saadc, kPselP + 0x10 * n, ain + 1);
    wr(*saadc, kConfig + 0x10 * n, tacq << 16 | extra);
  }
  void start() { wr(*saadc, kStart, 1); }
  int16_t one_sample() {
    start();
    wr(*saadc, kSample, 1);
    c.board.run_for(Duration::us(100));
    return c.board.ram_half(kBuffer);
  }
};

TEST_F(SaadcTest, TransferFunction) {
  channel(0, 2);
  feed.volts_of[2] = 1.8;  // of a 3.6 V range
  EXPECT_EQ(one_sample(), 2048);
  feed.volts_of[2] = 0;
  EXPECT_EQ(one_sample(), 0);
  feed.volts_of[2] = 9;  // clamped to VDD = 3.0 V
  EXPECT_EQ(one_sample(), std::lround(3.0 / 3.6 * 4096));
  feed.volts_of[2] = -1;
  EXPECT_EQ(one_sample(), 0);
}

TEST_F(SaadcTest, ResolutionGainAndReference) {
  feed.volts_of[0] = 0.3;
  const int bits[] = {8, 10, 12, 14};
  for (uint32_t r = 0; r < 4; ++r) {
    wr(*saadc, 0x5f0, r);
    channel(0, 0, 5u << 8);  // gain 1: 0.6 V range
    EXPECT_EQ(one_sample(), 1 << (bits[r] - 1));
    channel(0, 0, 5u << 8 | 1u << 12);  // VDD/4 = 0.75 V
    EXPECT_EQ(one_sample(), std::lround(0.4 * (1 << bits[r])));
    channel(0, 0, 7u << 8);  // gain 4: saturates
    EXPECT_EQ(one_sample(), (1 << bits[r]) - 1);
  }
}

TEST_F(SaadcTest, DifferentialUsesOneBitForTheSign) {
  feed.volts_of[0] = 0.2;
  feed.volts_of[1] = 0.5;
  channel(0, 0, 5u << 8 | 1u << 20);
  wr(*saadc, kPselN, 2);
  EXPECT_EQ(one_sample(), -1024);  // -0.3 / 0.6 * 2^11
}

TEST_F(SaadcTest, VddIsAnInput) {
  wr(*saadc, kPselP, 9);
  wr(*saadc, kConfig, 2u << 16);
  EXPECT_EQ(one_sample(), std::lround(3.0 / 3.6 * 4096));
}

TEST_F(SaadcTest, ConversionTakesAcquisitionPlusTwoMicroseconds) {
  const int64_t acquisition_us[] = {3, 5, 10, 15, 20, 40};
  for (uint32_t tacq = 0; tacq < 6; ++tacq) {
    c.board.published.clear();
    feed.asked.clear();
    channel(0, 0, 0, tacq);
    start();
    const SimTime begin = c.board.now();
    wr(*saadc, kSample, 1);
    EXPECT_EQ(rd(*saadc, 0x400), 1u);
    c.board.run_for(Duration::us(60));
    EXPECT_EQ(rd(*saadc, 0x400), 0u);
    EXPECT_EQ(c.board.times_of(kBase + kResultDone),
              std::vector{begin + Duration::us(acquisition_us[tacq] + 2)});
    EXPECT_EQ(feed.asked, std::vector{begin + Duration::us(acquisition_us[tacq])});
  }
}

TEST_F(SaadcTest, ScanConvertsChannelsInOrder) {
  channel(1, 5);
  channel(4, 3);
  feed.volts_of[5] = 0.9;
  feed.volts_of[3] = 1.8;
  start();
  wr(*saadc, kSample, 1);
  c.board.run_until(us(50));
  EXPECT_EQ(c.board.times_of(kBase + kDone), (std::vector{us(12), us(24)}));
  EXPECT_EQ(c.board.ram_half(kBuffer), 1024);
  EXPECT_EQ(c.board.ram_half(kBuffer + 2), 2048);
  EXPECT_EQ(rd(*saadc, kAmount), 2u);
}

TEST_F(SaadcTest, EndWhenTheBufferIsFullAndNothingUntilStart) {
  channel(0, 0);
  wr(*saadc, kMaxcnt, 2);
  start();
  EXPECT_EQ(rd(*saadc, kStarted), 1u);
  for (int i = 0; i < 4; ++i) {
    wr(*saadc, kSample, 1);
    c.board.run_for(Duration::us(50));
  }
  EXPECT_EQ(c.board.times_of(kBase + kEnd), std::vector{us(62)});
  EXPECT_EQ(rd(*saadc, kAmount), 2u);
  EXPECT_EQ(c.board.times_of(kBase + kDone).size(), 2u);
}

TEST_F(SaadcTest, PointerIsDoubleBuffered) {
  channel(0, 0);
  feed.volts_of[0] = 1.8;
  wr(*saadc, kMaxcnt, 1);
  start();
  wr(*saadc, kPtr, kBuffer + 0x40);  // for the next START
  wr(*saadc, kSample, 1);
  c.board.run_for(Duration::us(50));
  EXPECT_EQ(c.board.ram_half(kBuffer), 2048);
  EXPECT_EQ(c.board.ram_half(kBuffer + 0x40), 0);
  start();
  wr(*saadc, kSample, 1);
  c.board.run_for(Duration::us(50));
  EXPECT_EQ(c.board.ram_half(kBuffer + 0x40), 2048);
}

TEST_F(SaadcTest, OversamplingAveragesSampleTasks) {
  channel(0, 0);
  wr(*saadc, 0x5f4, 2);  // four
  start();
  for (int i = 0; i < 4; ++i) {
    feed.volts_of[0] = 0.9 + 0.1 * i;
    wr(*saadc, kSample, 1);
    c.board.run_for(Duration::us(20));
    EXPECT_EQ(rd(*saadc, kAmount), i == 3 ? 1u : 0u);
  }
  EXPECT_EQ(c.board.ram_half(kBuffer), (1024 + 1138 + 1252 + 1365) / 4);
  EXPECT_EQ(c.board.times_of(kBase + kDone).size(), 4u);
}

TEST_F(SaadcTest, BurstTakesAllSamplesOfOneTask) {
  channel(0, 0, 1u << 24);
  wr(*saadc, 0x5f4, 3);
  start();
  wr(*saadc, kSample, 1);
  c.board.run_until(us(200));
  EXPECT_EQ(c.board.times_of(kBase + kResultDone), std::vector{us(8 * 12)});
}

TEST_F(SaadcTest, LimitEvents) {
  channel(0, 0);
  wr(*saadc, kLimit, 2000u << 16 | 1000u);
  feed.volts_of[0] = 1.3;  // 1479
  one_sample();
  EXPECT_EQ(rd(*saadc, 0x118), 0u);
  EXPECT_EQ(rd(*saadc, 0x11c), 0u);
  feed.volts_of[0] = 1.8;
  one_sample();
  EXPECT_EQ(rd(*saadc, 0x118), 1u);
  feed.volts_of[0] = 0.5;
  one_sample();
  EXPECT_EQ(rd(*saadc, 0x11c), 1u);
}

TEST_F(SaadcTest, InternalTimerSamplesByItself) {
  channel(0, 0, 0, 0);
  wr(*saadc, kMaxcnt, 3);
  wr(*saadc, 0x5f8, 1u << 12 | 800);  // 16 MHz / 800: 50 us
  start();
  wr(*saadc, kSample, 1);
  c.board.run_until(us(300));
  EXPECT_EQ(c.board.times_of(kBase + kResultDone), (std::vector{us(5), us(55), us(105)}));
  wr(*saadc, kStop, 1);
  EXPECT_EQ(rd(*saadc, kStopped), 1u);
  EXPECT_EQ(c.board.alarm_count(), 0u);
}

TEST_F(SaadcTest, StopEndsTheConversion) {
  channel(0, 0);
  start();
  wr(*saadc, kSample, 1);
  c.board.run_until(us(5));
  wr(*saadc, kStop, 1);
  c.board.run_until(us(100));
  EXPECT_EQ(rd(*saadc, kResultDone), 0u);
  EXPECT_EQ(rd(*saadc, kStopped), 1u);
  EXPECT_EQ(rd(*saadc, kAmount), 0u);
}

TEST_F(SaadcTest, SampleDuringAConversionIsIgnoredAndLogged) {
  channel(0, 0);
  start();
  wr(*saadc, kSample, 1);
  c.board.run_until(us(6));
  wr(*saadc, kSample, 1);
  c.board.run_until(us(100));
  EXPECT_EQ(rd(*saadc, kAmount), 1u);
  EXPECT_EQ(c.board.logs.size(), 1u);
}

TEST_F(SaadcTest, CurrentOnlyWhileConverting) {
  c.resources.currents["saadc"] = 1.24e-3;
  channel(0, 0);
  start();
  wr(*saadc, kSample, 1);
  EXPECT_EQ(c.board.currents["saadc"], 1.24e-3);
  c.board.run_until(us(12));
  EXPECT_EQ(c.board.currents["saadc"], 0);
}

/// TIMER -> PPI -> SAADC at 1 kHz into RAM, END -> START through PPI: no register access while it runs.
TEST_F(SaadcTest, OneKilohertzThroughPpiWithoutTheCpu) {
  auto& ppi = c.add_ppi();
  auto& timer = c.add_timer(1);
  channel(0, 0);
  feed.volts_of[0] = 1.8;
  wr(*saadc, kMaxcnt, 500);
  wr(timer, 0x508, 3);
  wr(timer, 0x540, 1000);
  wr(timer, 0x200, 1);
  wr(ppi, 0x510, 0x40009140);
  wr(ppi, 0x514, kBase + kSample);
  wr(ppi, 0x518, kBase + kEnd);
  wr(ppi, 0x51c, kBase + kStart);
  wr(ppi, 0x500, 3);
  start();
  wr(timer, 0x000, 1);
  c.board.run_until(us(1'000'500));
  const auto results = c.board.times_of(kBase + kResultDone);
  ASSERT_EQ(results.size(), 1000u);
  for (size_t i = 0; i < results.size(); ++i)
    EXPECT_EQ(results[i], us(1000 * static_cast<int64_t>(i + 1) + 12));
  EXPECT_EQ(c.board.times_of(kBase + kEnd), (std::vector{us(500'012), us(1'000'012)}));
  EXPECT_EQ(c.board.times_of(kBase + kStarted).size(), 3u);
  EXPECT_EQ(c.board.ram_half(kBuffer + 2 * 499), 2048);
}

}  // namespace
}  // namespace xedgesim::test
