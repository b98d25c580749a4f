#include <gtest/gtest.h>

#include <set>

#include "chip.h"

/// EGU, RNG, TEMP and WDT: a few registers each.
namespace xedgesim::test {
namespace {

TEST(Egu, SixteenTriggers) {
  Chip c;
  auto& egu = c.add("nrf.egu", "egu3", 0x40017000, 23);
  wr(egu, 0x304, 1u << 15);
  wr(egu, 0x000 + 4 * 14, 1);
  EXPECT_FALSE(c.board.irqs[23]);
  wr(egu, 0x000 + 4 * 15, 1);
  EXPECT_TRUE(c.board.irqs[23]);
  wr(egu, 0x100 + 4 * 15, 0);
  EXPECT_FALSE(c.board.irqs[23]);
}

TEST(Rng, ByteTimesWithAndWithoutBiasCorrection) {
  for (const bool corrected : {false, true}) {
    Chip c;
    auto& rng = c.add("nrf.rng", "rng", 0x4000d000, 13);
    wr(rng, 0x504, corrected ? 1 : 0);
    wr(rng, 0x000, 1);
    c.board.run_until(us(600));
    const int64_t first = corrected ? 248 : 158, step = corrected ? 120 : 30;
    const auto times = c.board.times_of(0x4000d100);
    ASSERT_GE(times.size(), 2u);
    EXPECT_EQ(times[0], us(first));
    EXPECT_EQ(times[1], us(first + step));
  }
}

TEST(Rng, ShortStopsAfterOneByteAndValuesDiffer) {
  Chip c;
  auto& rng = c.add("nrf.rng", "rng", 0x4000d000, 13);
  wr(rng, 0x200, 1);
  std::set<uint32_t> values;
  for (int i = 0; i < 32; ++i) {
    wr(rng, 0x100, 0);
    wr(rng, 0x000, 1);
    c.board.run_for(Duration::ms(1));
    EXPECT_EQ(rd(rng, 0x100), 1u);
    values.insert(rd(rng, 0x508));
    EXPECT_EQ(c.board.alarm_count(), 0u);
  }
  EXPECT_GT(values.size(), 20u);
  EXPECT_LE(*values.rbegin(), 255u);
}

TEST(Temp, MeasuresInQuarterDegrees) {
  Chip c;
  c.resources.temperature_c = -12.25;
  auto& temp = c.add("nrf.temp", "temp", 0x4000c000, 12);
  wr(temp, 0x000, 1);
  c.board.run_until(us(100));
  EXPECT_EQ(c.board.times_of(0x4000c100), std::vector{us(36)});
  EXPECT_EQ(static_cast<int32_t>(rd(temp, 0x508)), -49);
}

struct WdtTest : testing::Test {
  struct Power : bus::PowerControl {
    std::vector<bus::ResetReason> resets;
    void reset(bus::ResetReason r) override { resets.push_back(r); }
    void system_off() override {}
  } power;
  Chip c;
  bus::Device* wdt = nullptr;
  void SetUp() override {
    c.resources.power = &power;
    wdt = &c.add("nrf.wdt", "wdt", 0x40010000, 16);
    wr(*wdt, 0x504, 32767);  // one second
  }
};

TEST_F(WdtTest, TimesOutThenResets) {
  wr(*wdt, 0x000, 1);
  EXPECT_EQ(rd(*wdt, 0x400), 1u);
  c.board.run_until(us(1'000'061));
  EXPECT_EQ(c.board.times_of(0x40010100), std::vector{us(1'000'000)});
  EXPECT_TRUE(power.resets.empty());
  c.board.run_until(us(1'000'062));  // two LFCLK cycles later
  EXPECT_EQ(power.resets, std::vector{bus::ResetReason::watchdog});
}

TEST_F(WdtTest, AllEnabledChannelsMustReload) {
  wr(*wdt, 0x508, 3);
  wr(*wdt, 0x000, 1);
  c.board.run_until(us(900'000));
  wr(*wdt, 0x600, 0x6e524635);
  EXPECT_EQ(rd(*wdt, 0x404), 2u);
  wr(*wdt, 0x604, 1);  // not the key
  wr(*wdt, 0x604, 0x6e524635);
  EXPECT_EQ(rd(*wdt, 0x404), 3u);
  c.board.run_until(us(3'000'000));
  EXPECT_EQ(c.board.times_of(0x40010100), std::vector{us(1'900'000)});
}

TEST_F(WdtTest, ConfigurationIsLockedWhileRunning) {
  wr(*wdt, 0x000, 1);
  wr(*wdt, 0x504, 1000);
  EXPECT_EQ(rd(*wdt, 0x504), 32767u);
}

TEST_F(WdtTest, MayPauseInSleep) {
  wr(*wdt, 0x50c, 0);
  wr(*wdt, 0x000, 1);
  auto& sleeper = dynamic_cast<bus::SleepObserver&>(*wdt);
  c.board.run_until(us(400'000));
  sleeper.cpu_sleep(true);
  c.board.run_until(us(5'000'000));
  sleeper.cpu_sleep(false);
  c.board.run_until(us(6'000'000));
  EXPECT_EQ(c.board.times_of(0x40010100), std::vector{us(5'600'000)});
}

}  // namespace
}  // namespace xedgesim::test
