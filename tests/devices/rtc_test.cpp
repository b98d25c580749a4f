#include <gtest/gtest.h>

#include "chip.h"

namespace xedgesim::test {
namespace {

constexpr uint32_t kBase = 0x4000b000;
constexpr uint32_t kTick = 0x100, kOverflow = 0x104, kCompare = 0x140, kEvtenset = 0x344, kEvtenclr = 0x348;
constexpr uint32_t kCounter = 0x504, kPrescaler = 0x508, kCc = 0x540;

/// Edge n of an LFCLK that started at 100 us (synthesised from HFCLK).
SimTime edge(int64_t n) { return us(100) + Duration::ns((n * 1953125 + 63) / 64); }

struct RtcTest : testing::Test {
  Chip c;
  bus::Device& clock = c.add_clock();
  bus::Device& rtc = c.add("nrf.rtc", "rtc0", kBase, 11, {{"channels", "3"}});
  void start_lfclk() {
    wr(clock, 0x518, 2);
    wr(clock, 0x008, 1);
    c.board.run_until(us(100));
  }
};

TEST_F(RtcTest, CountsFromTheEdgeAfterStart) {
  start_lfclk();
  wr(rtc, 0x000, 1);  // at edge 0: effective at edge 1
  c.board.run_until(edge(2) - Duration::ns(1));
  EXPECT_EQ(rd(rtc, kCounter), 0u);
  c.board.run_until(edge(2));
  EXPECT_EQ(rd(rtc, kCounter), 1u);
  c.board.run_until(edge(32769));  // one second later
  EXPECT_EQ(rd(rtc, kCounter), 32768u);
  EXPECT_EQ(c.board.alarm_count(), 0u);  // nothing ticks
}

TEST_F(RtcTest, TicksAreExactForever) {
  start_lfclk();
  wr(rtc, 0x000, 1);
  wr(rtc, kEvtenset, 1u << 16);
  wr(rtc, kCc, 32768 * 100);
  c.board.run_until(us(101'000'000));
  EXPECT_EQ(c.board.times_of(kBase + kCompare), std::vector{edge(32768 * 100 + 1)});
}

TEST_F(RtcTest, PrescalerDivides) {
  start_lfclk();
  wr(rtc, kPrescaler, 32);  // 993 Hz
  wr(rtc, 0x000, 1);
  wr(rtc, kEvtenset, 1);
  c.board.run_until(edge(100));
  EXPECT_EQ(c.board.times_of(kBase + kTick), (std::vector{edge(34), edge(67), edge(100)}));
  EXPECT_EQ(rd(rtc, kCounter), 3u);
}

TEST_F(RtcTest, EventsOnlyWhenEnabled) {
  start_lfclk();
  wr(rtc, kCc, 5);
  wr(rtc, 0x000, 1);
  c.board.run_until(edge(20));
  EXPECT_EQ(rd(rtc, kCompare), 0u);
  wr(rtc, 0x008, 1);         // CLEAR, effective at edge 21
  wr(rtc, 0x304, 1u << 16);  // INTEN alone: interrupt, but nothing for PPI
  c.board.run_until(edge(30));
  EXPECT_EQ(rd(rtc, kCompare), 1u);
  EXPECT_TRUE(c.board.irqs[11]);
  EXPECT_TRUE(c.board.times_of(kBase + kCompare).empty());
}

TEST_F(RtcTest, OverflowAfterTrigger) {
  start_lfclk();
  wr(rtc, kEvtenset, 2);
  wr(rtc, 0x000, 1);
  wr(rtc, 0x00c, 1);
  EXPECT_EQ(rd(rtc, kCounter), 0xfffff0u);
  c.board.run_until(edge(40));
  EXPECT_EQ(c.board.times_of(kBase + kOverflow), std::vector{edge(17)});
  EXPECT_EQ(rd(rtc, kCounter), 40u - 17);
}

TEST_F(RtcTest, CompareOfTheNextCountIsNotMissed) {
  start_lfclk();
  wr(rtc, kEvtenset, 1u << 17);
  wr(rtc, 0x000, 1);
  c.board.run_until(edge(11));
  EXPECT_EQ(rd(rtc, kCounter), 10u);
  wr(rtc, kCc + 4, 12);
  c.board.run_until(edge(40));
  EXPECT_EQ(c.board.times_of(kBase + kCompare + 4), std::vector{edge(13)});
  wr(rtc, kEvtenclr, 1u << 17);
  EXPECT_EQ(c.board.alarm_count(), 0u);
}

TEST_F(RtcTest, WaitsForLfclkAndFreezesWithIt) {
  wr(rtc, 0x000, 1);
  c.board.run_until(us(50));
  EXPECT_EQ(rd(rtc, kCounter), 0u);
  wr(clock, 0x518, 2);
  wr(clock, 0x008, 1);  // runs at 150 us
  c.board.run_until(us(150 + 1'000'000));
  EXPECT_EQ(rd(rtc, kCounter), 32767u);
  wr(clock, 0x00c, 1);
  c.board.run_for(Duration::s(1));
  EXPECT_EQ(rd(rtc, kCounter), 32767u);
}

TEST_F(RtcTest, StopHoldsAndClearZeroes) {
  start_lfclk();
  wr(rtc, 0x000, 1);
  c.board.run_until(edge(101));
  wr(rtc, 0x004, 1);
  c.board.run_until(edge(200));
  EXPECT_EQ(rd(rtc, kCounter), 100u);
  wr(rtc, 0x008, 1);
  EXPECT_EQ(rd(rtc, kCounter), 0u);
}

}  // namespace
}  // namespace xedgesim::test
