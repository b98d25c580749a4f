#include <gtest/gtest.h>

#include "base/error.h"
#include "chip.h"

namespace xedgesim::test {
namespace {

constexpr uint32_t kTimer0 = 0x40008000, kTimer1 = 0x40009000, kEgu0 = 0x40014000;

struct PpiTest : testing::Test {
  Chip c;
  bus::Device& ppi = c.add_ppi();
  bus::Device& egu = c.add("nrf.egu", "egu0", kEgu0, 20);
  bus::Device& timer = c.add_timer(0);
  void wire(unsigned channel, uint32_t event, uint32_t task) {
    wr(ppi, 0x510 + 8 * channel, event);
    wr(ppi, 0x514 + 8 * channel, task);
  }
};

TEST_F(PpiTest, EventTriggersTaskOfAnEnabledChannel) {
  wire(3, kEgu0 + 0x100, kEgu0 + 0x014);  // TRIGGERED[0] -> TRIGGER[5]
  wr(egu, 0x000, 1);
  EXPECT_EQ(rd(egu, 0x114), 0u);
  wr(ppi, 0x504, 1u << 3);
  wr(egu, 0x000, 1);
  EXPECT_EQ(rd(egu, 0x114), 1u);
  wr(egu, 0x114, 0);
  wr(ppi, 0x508, 1u << 3);
  wr(egu, 0x000, 1);
  EXPECT_EQ(rd(egu, 0x114), 0u);
}

TEST_F(PpiTest, ForkTriggersASecondTask) {
  wire(0, kEgu0 + 0x100, kEgu0 + 0x004);
  wr(ppi, 0x910, kEgu0 + 0x008);
  wr(ppi, 0x500, 1);
  wr(egu, 0x000, 1);
  EXPECT_EQ(rd(egu, 0x104), 1u);
  EXPECT_EQ(rd(egu, 0x108), 1u);
}

TEST_F(PpiTest, GroupsSwitchChannelsByTask) {
  wire(7, kEgu0 + 0x100, kEgu0 + 0x004);
  wr(ppi, 0x804, 1u << 7);  // CHG[1]
  wr(ppi, 0x008, 1);        // TASKS_CHG[1].EN
  EXPECT_EQ(rd(ppi, 0x500), 1u << 7);
  // A channel that switches its own group off still completes.
  wr(ppi, 0x910 + 4 * 7, 0x4001f00c);
  wr(egu, 0x000, 1);
  EXPECT_EQ(rd(egu, 0x104), 1u);
  EXPECT_EQ(rd(ppi, 0x500), 0u);
}

TEST_F(PpiTest, ChainsRunInZeroTime) {
  wire(0, kTimer0 + 0x140, kEgu0 + 0x000);
  wire(1, kEgu0 + 0x100, kTimer0 + 0x044);  // -> CAPTURE[1]
  wr(ppi, 0x500, 3);
  wr(timer, 0x540, 100);
  wr(timer, 0x000, 1);
  c.board.run_until(us(150));
  EXPECT_EQ(rd(timer, 0x544), 100u);
}

TEST_F(PpiTest, ALoopIsCutAndLogged) {
  wire(0, kEgu0 + 0x100, kEgu0 + 0x000);
  wr(ppi, 0x500, 1);
  wr(egu, 0x000, 1);
  ASSERT_EQ(c.board.logs.size(), 1u);
  EXPECT_NE(c.board.logs[0].find("feeds itself"), std::string::npos);
}

TEST_F(PpiTest, BadTaskAddressesAreLogged) {
  wire(0, kEgu0 + 0x100, 0x40077000);
  wire(1, kEgu0 + 0x100, kEgu0 + 0x100);
  wr(ppi, 0x500, 3);
  wr(egu, 0x000, 1);
  ASSERT_EQ(c.board.logs.size(), 2u);
  EXPECT_EQ(c.board.logs[0], "ppi: task address 0x40077000 belongs to no modelled peripheral");
  EXPECT_EQ(c.board.logs[1], "ppi: 0x40014100 is not the address of a task");
}

TEST_F(PpiTest, FixedChannelsNeedOnlyEnabling) {
  auto& radio = c.add("nrf.radio", "radio", 0x40001000, 1);
  wr(radio, 0x510, 15);
  wr(ppi, 0x504, 1u << 20);  // TIMER0 COMPARE[0] -> RADIO TXEN
  wr(timer, 0x540, 10);
  wr(timer, 0x000, 1);
  c.board.run_until(us(10));
  EXPECT_EQ(rd(radio, 0x550), 9u);  // TxRu
}

TEST(Ppi, MalformedFixedChannelsAreRefused) {
  Chip c;
  EXPECT_THROW(c.add("nrf.ppi", "ppi", 0x4001f000, -1, {{"fixed", "0x40008140"}}), ConfigError);
}

}  // namespace
}  // namespace xedgesim::test
