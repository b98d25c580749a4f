#include <gtest/gtest.h>

#include "chip.h"

namespace xedgesim::test {
namespace {

constexpr uint32_t kBase = 0x40000000;

TEST(PowerClock, HfxoNeedsPowerUpAndDebounce) {
  Chip c;
  auto& d = c.add_clock();
  EXPECT_EQ(rd(d, 0x40c), 1u << 16);  // HFINT
  wr(d, 0x304, 1);
  wr(d, 0x000, 1);
  EXPECT_EQ(rd(d, 0x408), 1u);
  c.board.run_until(us(359));
  EXPECT_EQ(rd(d, 0x40c), 1u << 16);
  EXPECT_FALSE(c.board.irqs[0]);
  c.board.run_until(us(360));
  EXPECT_EQ(rd(d, 0x40c), 1u << 16 | 1);
  EXPECT_EQ(rd(d, 0x100), 1u);
  EXPECT_TRUE(c.board.irqs[0]);
  wr(d, 0x004, 1);
  EXPECT_EQ(rd(d, 0x40c), 1u << 16);
  EXPECT_EQ(rd(d, 0x408), 0u);
}

TEST(PowerClock, DebounceIsConfigurable) {
  Chip c;
  auto& d = c.add_clock();
  wr(d, 0x528, 0x40);
  wr(d, 0x000, 1);
  c.board.run_until(us(2000));
  EXPECT_EQ(c.board.times_of(kBase + 0x100), std::vector{us(104 + 1024)});
}

TEST(PowerClock, LfclkFromEachSource) {
  const std::pair<uint32_t, SimTime> sources[] = {{0, us(600)}, {1, us(250'000)}, {2, us(100)}};
  for (const auto& [source, ready] : sources) {
    Chip c;
    auto& d = c.add_clock();
    wr(d, 0x518, source);
    wr(d, 0x008, 1);
    EXPECT_EQ(rd(d, 0x41c), source);
    c.board.run_until(us(300'000));
    EXPECT_EQ(c.board.times_of(kBase + 0x104), std::vector{ready}) << source;
    EXPECT_EQ(rd(d, 0x418), 1u << 16 | source);
  }
}

TEST(PowerClock, RcOscillatorDrivesLfclkUntilTheCrystalIsStable) {
  Chip c;
  auto& d = c.add_clock();
  wr(d, 0x518, 1);
  wr(d, 0x008, 1);
  EXPECT_EQ(rd(d, 0x418), 0u);
  c.board.run_until(us(1000));
  EXPECT_EQ(rd(d, 0x418), 1u << 16);  // running, source RC
  EXPECT_EQ(rd(d, 0x104), 0u);
  EXPECT_TRUE(c.resources.links.clocks->lfclk_running());
  EXPECT_EQ(c.resources.links.clocks->lfclk_origin(), 2 * 600'000);  // half nanoseconds
}

TEST(PowerClock, CalibrationTimerCountsQuarterSeconds) {
  Chip c;
  auto& d = c.add_clock();
  wr(d, 0x538, 8);
  wr(d, 0x014, 1);
  EXPECT_EQ(rd(d, 0x128), 1u);
  c.board.run_until(us(2'100'000));
  EXPECT_EQ(c.board.times_of(kBase + 0x110), std::vector{us(2'000'000)});
}

TEST(PowerClock, RetentionRegistersSurviveAllResetsButPowerOn) {
  Chip c;
  auto& d = c.add_clock();
  auto& recorder = dynamic_cast<bus::ResetRecorder&>(d);
  wr(d, 0x51c, 0x1a5);
  wr(d, 0x518, 1);
  d.reset();
  recorder.reset_happened(bus::ResetReason::soft);
  EXPECT_EQ(rd(d, 0x51c), 0xa5u);
  EXPECT_EQ(rd(d, 0x518), 0u);
  EXPECT_EQ(rd(d, 0x400), 1u << 2);
  d.reset();
  recorder.reset_happened(bus::ResetReason::watchdog);
  EXPECT_EQ(rd(d, 0x400), 1u << 2 | 1u << 1);
  wr(d, 0x400, 1u << 2);  // write one to clear
  EXPECT_EQ(rd(d, 0x400), 1u << 1);
  d.reset();
  recorder.reset_happened(bus::ResetReason::power_on);
  EXPECT_EQ(rd(d, 0x51c), 0u);
  EXPECT_EQ(rd(d, 0x400), 0u);
}

TEST(PowerClock, RamPowerSetAndClear) {
  Chip c;
  auto& d = c.add_clock();
  EXPECT_EQ(rd(d, 0x980), 0xffffu);
  wr(d, 0x988, 0x3);
  EXPECT_EQ(rd(d, 0x980), 0xfffcu);
  wr(d, 0x984, 0x10001);
  EXPECT_EQ(rd(d, 0x980), 0x1fffdu);
}

TEST(PowerClock, SleepEvents) {
  Chip c;
  auto& d = c.add_clock();
  dynamic_cast<bus::SleepObserver&>(d).cpu_sleep(true);
  EXPECT_EQ(rd(d, 0x114), 1u);
  EXPECT_EQ(rd(d, 0x118), 0u);
  dynamic_cast<bus::SleepObserver&>(d).cpu_sleep(false);
  EXPECT_EQ(rd(d, 0x118), 1u);
}

TEST(PowerClock, SystemOffReachesTheMachine) {
  struct Power : bus::PowerControl {
    int offs = 0;
    void reset(bus::ResetReason) override {}
    void system_off() override { ++offs; }
  } power;
  Chip c;
  c.resources.power = &power;
  auto& d = c.add_clock();
  wr(d, 0x500, 1);
  EXPECT_EQ(power.offs, 1);
}

}  // namespace
}  // namespace xedgesim::test
