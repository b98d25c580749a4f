// Oscillators that run fast or slow: what counts LFCLK (RTC, WDT) and what counts HFCLK (TIMER) follows each
// on its own.
#include <gtest/gtest.h>
#include <cmath>

#include "chip.h"

namespace xedgesim::test {
namespace {

constexpr uint32_t kRtc = 0x4000b000, kTimer = 0x40008000, kWdt = 0x40010000;
constexpr uint32_t kCompare = 0x140, kCc = 0x540, kEvtenset = 0x344;

struct ClockDeviation : testing::Test {
  Chip c;
  bus::Device& clock = c.add_clock();
  bus::Device& rtc = c.add("nrf.rtc", "rtc0", kRtc, 11, {{"channels", "3"}});
  bus::Device& timer = c.add_timer(0);

  void start() {
    wr(clock, 0x518, 2);  // LFCLK from HFCLK, runs after 100 us
    wr(clock, 0x008, 1);
    c.board.run_until(us(100));
  }
  void deviate(int64_t lf_ppb, int64_t hf_ppb) {
    c.resources.links.set_deviation(lf_ppb, hf_ppb, c.board.now());
  }
  /// RTC compare after `count` periods of 1/32768 s, from the next edge on.
  void arm_rtc(uint32_t count) {
    wr(rtc, kEvtenset, 1u << 16);
    wr(rtc, kCc, count);
    wr(rtc, 0x000, 1);
  }
  /// TIMER compare after `us` microseconds of HFCLK.
  void arm_timer(uint32_t us) {
    wr(timer, 0x508, 3);  // 32 bits
    wr(timer, 0x510, 4);  // 1 MHz
    wr(timer, kCc, us);
    wr(timer, 0x000, 1);
  }
  SimTime compare_of(uint32_t base) {
    const auto times = c.board.times_of(base + kCompare);
    return times.empty() ? SimTime::never() : times.front();
  }
};

/// First nanosecond at which a clock of that deviation has counted `ns`.
int64_t lasts(int64_t ns, int64_t ppb) {
  const auto product = static_cast<__int128>(ns) * 1'000'000'000;
  return static_cast<int64_t>((product + 1'000'000'000 + ppb - 1) / (1'000'000'000 + ppb));
}

TEST_F(ClockDeviation, AFastRtcIsEarlyAndTheTimerIsNot) {
  start();
  deviate(100'000, 0);
  arm_rtc(32768);
  arm_timer(1'000'000);
  c.board.run_until(us(2'000'000));
  // The counter starts at edge 1, 30.517578125 us after edge 0 at 100 us.
  EXPECT_EQ(compare_of(kRtc), us(100) + Duration::ns(lasts(1'000'030'518, 100'000)));
  EXPECT_EQ(compare_of(kTimer), us(100) + Duration::ms(1000));
}

TEST_F(ClockDeviation, ASlowTimerIsLateAndTheRtcIsNot) {
  start();
  deviate(0, -250'000);
  arm_rtc(32768);
  arm_timer(1'000'000);
  c.board.run_until(us(2'000'000));
  EXPECT_EQ(compare_of(kRtc), us(100) + Duration::ns(1'000'030'518));
  EXPECT_EQ(compare_of(kTimer), us(100) + Duration::ns(lasts(1'000'000'000, -250'000)));
}

TEST_F(ClockDeviation, WhatIsUnderWayComesAtAnotherTime) {
  start();
  arm_timer(1'000'000);
  arm_rtc(32768);
  c.board.run_until(us(500'100));
  deviate(-1'000'000, 1'000'000);  // 1000 ppm each way
  c.board.run_until(us(800'100));
  EXPECT_EQ(rd(rtc, 0x504), 26203u);  // (0.5 + 0.2997) s, from edge 1 on
  deviate(0, 0);
  c.board.run_until(us(2'000'000));
  // 0.3 s at 1.001 counted 0.3003 s.
  EXPECT_EQ(compare_of(kTimer), us(100) + Duration::us(1'000'000 - 300));
  const Duration rtc_late = compare_of(kRtc) - (us(100) + Duration::ns(1'000'030'518));
  EXPECT_NEAR(static_cast<double>(rtc_late.count_ns()), 300'000, 1);
}

TEST_F(ClockDeviation, TicksStayExactOverADay) {
  start();
  deviate(-20'000, 0);
  wr(rtc, 0x508, 4095);  // PRESCALER: 8 Hz
  arm_rtc(8 * 86'400);
  c.board.run_until(SimTime::at(Duration::s(86'500)));
  // In half nanoseconds of LFCLK, rounded up once there and once here.
  const int64_t local = (int64_t{8 * 86'400} * 4096 + 1) * 1953125 / 64 + 1;
  EXPECT_LE(std::abs((compare_of(kRtc) - us(100)).count_ns() - lasts(local, -20'000)), 1);
}

TEST_F(ClockDeviation, TheWatchdogCountsLfclk) {
  bus::Device& wdt = c.add("nrf.wdt", "wdt", kWdt, 16);
  start();
  wr(wdt, 0x504, 32767);  // one second
  wr(wdt, 0x000, 1);
  c.board.run_until(us(600'100));
  deviate(-500'000'000, 0);  // half as fast: what is left takes twice as long
  c.board.run_until(us(2'000'000));
  EXPECT_EQ(c.board.times_of(kWdt + 0x100), std::vector{us(100) + Duration::us(600'000 + 800'000)});
}

}  // namespace
}  // namespace xedgesim::test
