#include <gtest/gtest.h>

#include "base/error.h"
#include "chip.h"

namespace xedgesim::test {
namespace {

constexpr uint32_t kOut = 0x504, kOutSet = 0x508, kOutClr = 0x50c, kIn = 0x510, kDir = 0x514, kDirSet = 0x518;
constexpr uint32_t kLatch = 0x520, kDetectMode = 0x524, kCnf = 0x700, kP1 = 0x300;
constexpr uint32_t kGpiote = 0x40006000;
constexpr uint32_t kPullUp = 3u << 2, kPullDown = 1u << 2, kSenseHigh = 2u << 16, kSenseLow = 3u << 16;

struct Observer : bus::PinObserver {
  std::vector<std::pair<unsigned, bool>> changes;
  void pin_changed(unsigned pin, bool level, SimTime) override { changes.emplace_back(pin, level); }
};

struct GpioTest : testing::Test {
  Observer observer;
  Chip c;
  bus::Device* gpio = nullptr;
  bus::Device* gpiote = nullptr;
  bus::PinPort* pins = nullptr;
  void SetUp() override {
    c.resources.pins = &observer;
    gpio = &c.add("nrf.gpio", "gpio", 0x50000000);
    gpiote = &c.add("nrf.gpiote", "gpiote", kGpiote, 6);
    pins = dynamic_cast<bus::PinPort*>(gpio);
  }
  void config(unsigned channel, uint32_t mode, unsigned pin, uint32_t polarity, uint32_t init = 0) {
    wr(*gpiote, 0x510 + 4 * channel, mode | pin << 8 | polarity << 16 | init << 20);
  }
};

TEST_F(GpioTest, OutputsOfBothPorts) {
  wr(*gpio, kDirSet, 1u << 13);
  wr(*gpio, kOutSet, 1u << 13 | 1u << 5);
  EXPECT_TRUE(pins->pin_level(13));
  EXPECT_FALSE(pins->pin_level(5));  // an input
  EXPECT_EQ(rd(*gpio, kOut), 1u << 13 | 1u << 5);
  EXPECT_EQ(rd(*gpio, kCnf + 4 * 13), 3u);  // DIR shows in PIN_CNF
  wr(*gpio, kP1 + kCnf + 4 * 2, 1);
  wr(*gpio, kP1 + kOut, 1u << 2);
  EXPECT_TRUE(pins->pin_level(34));
  wr(*gpio, kOutClr, 1u << 13);
  EXPECT_EQ(observer.changes, (std::vector<std::pair<unsigned, bool>>{{13, true}, {34, true}, {13, false}}));
  EXPECT_EQ(rd(*gpio, kP1 + kDir), 1u << 2);
}

TEST_F(GpioTest, InputsNeedTheirBuffer) {
  pins->drive_pin(11, true);
  EXPECT_EQ(rd(*gpio, kIn), 0u);
  wr(*gpio, kCnf + 4 * 11, 0);
  EXPECT_EQ(rd(*gpio, kIn), 1u << 11);
}

TEST_F(GpioTest, PullsDecideWhenNothingDrives) {
  wr(*gpio, kCnf + 4 * 11, kPullUp);
  wr(*gpio, kCnf + 4 * 12, kPullDown);
  EXPECT_EQ(rd(*gpio, kIn), 1u << 11);
  pins->drive_pin(11, false);
  EXPECT_EQ(rd(*gpio, kIn), 0u);
  pins->release_pin(11);
  EXPECT_EQ(rd(*gpio, kIn), 1u << 11);
}

TEST_F(GpioTest, EdgesMakeEvents) {
  wr(*gpio, kCnf + 4 * 11, kPullUp);
  config(0, 1, 11, 2);  // high to low
  config(1, 1, 11, 1);
  config(2, 1, 11, 3);  // both
  wr(*gpiote, 0x304, 1);
  pins->drive_pin(11, false);
  EXPECT_EQ(rd(*gpiote, 0x100), 1u);
  EXPECT_EQ(rd(*gpiote, 0x104), 0u);
  EXPECT_TRUE(c.board.irqs[6]);
  pins->drive_pin(11, true);
  EXPECT_EQ(rd(*gpiote, 0x104), 1u);
  EXPECT_EQ(c.board.times_of(kGpiote + 0x108).size(), 2u);
}

TEST_F(GpioTest, TasksDriveThePin) {
  config(3, 3, 40, 3, 1);  // P1.08, toggle, initially high
  EXPECT_TRUE(pins->pin_level(40));
  wr(*gpiote, 0x00c, 1);
  EXPECT_FALSE(pins->pin_level(40));
  wr(*gpiote, 0x03c, 1);
  EXPECT_TRUE(pins->pin_level(40));
  wr(*gpiote, 0x06c, 1);
  EXPECT_FALSE(pins->pin_level(40));
  wr(*gpio, kP1 + kDirSet, 1u << 8);
  wr(*gpio, kP1 + kOutSet, 1u << 8);
  EXPECT_FALSE(pins->pin_level(40));  // OUT has no say
  wr(*gpiote, 0x510 + 4 * 3, 0);
  EXPECT_TRUE(pins->pin_level(40));
}

TEST_F(GpioTest, SenseLatchesAndMakesPort) {
  wr(*gpio, kCnf + 4 * 11, kPullUp | kSenseLow);
  wr(*gpio, kCnf + 4 * 12, kSenseHigh);
  EXPECT_EQ(rd(*gpiote, 0x17c), 0u);
  pins->drive_pin(11, false);
  EXPECT_EQ(rd(*gpiote, 0x17c), 1u);
  EXPECT_EQ(rd(*gpio, kLatch), 1u << 11);
  pins->drive_pin(12, true);  // DETECT is high already
  EXPECT_EQ(c.board.times_of(kGpiote + 0x17c).size(), 1u);
  EXPECT_EQ(rd(*gpio, kLatch), 3u << 11);
  pins->drive_pin(11, true);
  wr(*gpio, kLatch, 3u << 11);
  EXPECT_EQ(rd(*gpio, kLatch), 1u << 12);  // still high
}

TEST_F(GpioTest, LatchedDetectNeedsClearing) {
  wr(*gpio, kDetectMode, 1);
  wr(*gpio, kCnf + 4 * 11, kSenseHigh);
  pins->drive_pin(11, true);
  pins->drive_pin(11, false);
  pins->drive_pin(11, true);
  EXPECT_EQ(c.board.times_of(kGpiote + 0x17c).size(), 1u);
  pins->drive_pin(11, false);
  wr(*gpio, kLatch, 1u << 11);
  pins->drive_pin(11, true);
  EXPECT_EQ(c.board.times_of(kGpiote + 0x17c).size(), 2u);
}

TEST_F(GpioTest, ResetMakesEveryPinADisconnectedInput) {
  wr(*gpio, kDirSet, 1u << 13);
  wr(*gpio, kOutSet, 1u << 13);
  gpio->reset();
  EXPECT_FALSE(pins->pin_level(13));
  EXPECT_EQ(rd(*gpio, kCnf + 4 * 13), 2u);
}

TEST(Gpio, SenseWakesTheChipFromSystemOff) {
  struct Power : bus::PowerControl {
    std::vector<bus::ResetReason> resets;
    int offs = 0;
    void reset(bus::ResetReason r) override { resets.push_back(r); }
    void system_off() override { ++offs; }
  } power;
  Chip c;
  c.resources.power = &power;
  auto& clock = c.add_clock();
  auto& gpio = c.add("nrf.gpio", "gpio", 0x50000000);
  auto& pins = dynamic_cast<bus::PinPort&>(gpio);
  wr(gpio, kCnf + 4 * 11, kPullUp | kSenseLow);
  pins.drive_pin(11, false);
  pins.drive_pin(11, true);
  EXPECT_TRUE(power.resets.empty());
  wr(clock, 0x500, 1);
  EXPECT_EQ(power.offs, 1);
  pins.drive_pin(11, false);
  EXPECT_EQ(power.resets, std::vector{bus::ResetReason::off});
}

TEST(Gpiote, NeedsGpioFirst) {
  Chip c;
  EXPECT_THROW(c.add("nrf.gpiote", "gpiote", kGpiote, 6), ConfigError);
}

}  // namespace
}  // namespace xedgesim::test
