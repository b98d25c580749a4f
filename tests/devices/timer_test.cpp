#include <gtest/gtest.h>

#include "chip.h"

namespace xedgesim::test {
namespace {

constexpr uint32_t kStart = 0x000, kStop = 0x004, kCount = 0x008, kClear = 0x00c, kCapture = 0x040,
                   kCompare = 0x140;
constexpr uint32_t kShorts = 0x200, kMode = 0x504, kBitmode = 0x508, kPrescaler = 0x510, kCc = 0x540;
constexpr uint32_t kBase = 0x40008000;

TEST(Timer, CapturesMicrosecondsAtThePrescalersResetValue) {
  Chip c;
  auto& t = c.add_timer();
  wr(t, kBitmode, 3);
  wr(t, kStart, 1);
  c.board.run_until(us(1234));
  wr(t, kCapture, 1);
  EXPECT_EQ(rd(t, kCc), 1234u);
  c.board.run_until(ns(1'235'999));
  wr(t, kCapture + 4, 1);
  EXPECT_EQ(rd(t, kCc + 4), 1235u);
}

TEST(Timer, CompareAtTheExactInstant) {
  Chip c;
  auto& t = c.add_timer();
  wr(t, kPrescaler, 0);  // 62.5 ns
  wr(t, kCc, 3);
  wr(t, kCc + 4, 16);
  c.board.run_until(us(10));
  wr(t, kStart, 1);
  c.board.run_until(us(20));
  EXPECT_EQ(c.board.times_of(kBase + kCompare), std::vector{ns(10'188)});  // 187.5 rounded up
  EXPECT_EQ(c.board.times_of(kBase + kCompare + 4), std::vector{us(11)});
}

TEST(Timer, ClearShortGivesADriftFreePeriod) {
  Chip c;
  auto& t = c.add_timer();
  wr(t, kPrescaler, 0);
  wr(t, kCc, 7);  // 437.5 ns
  wr(t, kShorts, 1);
  wr(t, kStart, 1);
  c.board.run_until(ns(437'500));
  const auto times = c.board.times_of(kBase + kCompare);
  ASSERT_EQ(times.size(), 1000u);
  for (size_t i = 0; i < times.size(); ++i) {
    const int64_t exact_half_ns = 875 * static_cast<int64_t>(i + 1);
    EXPECT_EQ(times[i].count_ns(), (exact_half_ns + 1) / 2);
  }
}

TEST(Timer, OneKilohertz) {
  Chip c;
  auto& t = c.add_timer();
  wr(t, kBitmode, 3);
  wr(t, kCc, 1000);
  wr(t, kShorts, 1);
  wr(t, kStart, 1);
  c.board.run_until(us(5'500));
  EXPECT_EQ(c.board.times_of(kBase + kCompare),
            (std::vector{us(1000), us(2000), us(3000), us(4000), us(5000)}));
  wr(t, kCapture + 8, 1);
  EXPECT_EQ(rd(t, kCc + 8), 500u);
}

TEST(Timer, StopShortHoldsTheCounterAndStartResumes) {
  Chip c;
  auto& t = c.add_timer();
  wr(t, kCc + 4, 50);
  wr(t, kShorts, 1u << 9);  // COMPARE1_STOP
  wr(t, kStart, 1);
  c.board.run_until(us(300));
  EXPECT_EQ(c.board.alarm_count(), 0u);
  wr(t, kCapture, 1);
  EXPECT_EQ(rd(t, kCc), 50u);
  wr(t, kStart, 1);
  c.board.run_until(us(310));
  wr(t, kCapture, 1);
  EXPECT_EQ(rd(t, kCc), 60u);
}

TEST(Timer, WrapsAtItsWidth) {
  const std::pair<uint32_t, int64_t> widths[] = {{0, 1 << 16}, {1, 1 << 8}, {2, 1 << 24}};
  for (const auto& [mode, size] : widths) {
    Chip c;
    auto& t = c.add_timer();
    wr(t, kPrescaler, 0);
    wr(t, kBitmode, mode);
    wr(t, kCc, 16);
    wr(t, kStart, 1);
    const SimTime second = us(1) + Duration::ns(size * 125 / 2);
    c.board.run_until(second);
    EXPECT_EQ(c.board.times_of(kBase + kCompare), (std::vector{us(1), second})) << mode;
  }
}

TEST(Timer, WritingCcWhileRunningMovesTheMatch) {
  Chip c;
  auto& t = c.add_timer();
  wr(t, kBitmode, 3);
  wr(t, kCc, 100);
  wr(t, kStart, 1);
  c.board.run_until(us(40));
  wr(t, kCc, 60);
  c.board.run_until(us(50));
  wr(t, kClear, 1);
  c.board.run_until(us(200));
  EXPECT_EQ(c.board.times_of(kBase + kCompare), std::vector{us(110)});
}

TEST(Timer, CounterModeCountsTasks) {
  Chip c;
  auto& t = c.add_timer();
  wr(t, kMode, 1);
  wr(t, kCc, 3);
  wr(t, kShorts, 1);
  wr(t, kCount, 1);  // not started: not counted
  wr(t, kStart, 1);
  for (int i = 0; i < 7; ++i) wr(t, kCount, 1);
  EXPECT_EQ(c.board.times_of(kBase + kCompare).size(), 2u);
  wr(t, kCapture + 4, 1);
  EXPECT_EQ(rd(t, kCc + 4), 1u);
  EXPECT_EQ(c.board.alarm_count(), 0u);
}

TEST(Timer, InterruptLineFollowsEventAndEnable) {
  Chip c;
  auto& t = c.add_timer();
  wr(t, 0x304, 1u << 16);
  wr(t, kCc, 5);
  wr(t, kStart, 1);
  c.board.run_until(us(5));
  EXPECT_TRUE(c.board.irqs[8]);
  wr(t, kCompare, 0);
  EXPECT_FALSE(c.board.irqs[8]);
  wr(t, kStop, 1);
  c.board.run_until(us(70'000));
  EXPECT_FALSE(c.board.irqs[8]);
}

TEST(Timer, ChannelsBeyondTheInstanceDoNotMatch) {
  Chip c;
  auto& t0 = c.add_timer(0);
  auto& t3 = c.add_timer(3);
  for (auto* t : {&t0, &t3}) {
    wr(*t, kCc + 4 * 5, 10);
    wr(*t, kStart, 1);
  }
  c.board.run_until(us(20));
  EXPECT_EQ(rd(t0, kCompare + 4 * 5), 0u);
  EXPECT_EQ(rd(t3, kCompare + 4 * 5), 1u);
}

TEST(Timer, CapturesDoNotDisturbTheAlarm) {
  Chip c;
  auto& t = c.add_timer();
  wr(t, kBitmode, 3);
  wr(t, kCc, 1000);
  wr(t, kStart, 1);
  for (int i = 1; i < 10; ++i) {
    c.board.run_until(us(100 * i));
    wr(t, kCapture + 4, 1);
    EXPECT_EQ(rd(t, kCc + 4), 100u * static_cast<uint32_t>(i));
    wr(t, kCc, 1000);
    EXPECT_EQ(c.board.next_alarm(), us(1000));
  }
  wr(t, kCapture, 1);  // this one was the next match: now it is a turn away, and channel 2's zero comes first
  EXPECT_EQ(c.board.next_alarm(), us(int64_t{1} << 32));
}

TEST(Timer, TwoTimersDrawNoMoreThanOne) {
  Chip c;
  c.resources.currents["timer"] = 418e-6;
  auto& a = c.add_timer(0);
  auto& b = c.add_timer(1);
  wr(a, kStart, 1);
  EXPECT_EQ(c.board.currents["timer"], 418e-6);
  wr(b, kStart, 1);
  EXPECT_EQ(c.board.currents["timer"], 418e-6);
  wr(a, kStop, 1);
  EXPECT_EQ(c.board.currents["timer"], 418e-6);
  b.reset();
  EXPECT_EQ(c.board.currents["timer"], 0);
}

TEST(Timer, ResetStopsIt) {
  Chip c;
  auto& t = c.add_timer();
  wr(t, kCc, 10);
  wr(t, kStart, 1);
  t.reset();
  EXPECT_EQ(c.board.alarm_count(), 0u);
  EXPECT_EQ(rd(t, kPrescaler), 4u);
}

}  // namespace
}  // namespace xedgesim::test
