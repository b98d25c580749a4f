#include <gtest/gtest.h>
#include <algorithm>

#include "chip.h"
#include "devices/nrf/uarte.h"

namespace xedgesim::test {
namespace {

constexpr uint32_t kBase = 0x40002000, kBuffer = 0x20000300;
constexpr uint32_t kStartRx = 0x000, kStopRx = 0x004, kStartTx = 0x008, kStopTx = 0x00c, kFlushRx = 0x02c;
constexpr uint32_t kRxdRdy = 0x108, kEndRx = 0x110, kTxdRdy = 0x11c, kEndTx = 0x120, kError = 0x124,
                   kRxto = 0x144;
constexpr uint32_t kRxStarted = 0x14c, kTxStarted = 0x150, kTxStopped = 0x158;
constexpr uint32_t kBaud1M = 0x10000000, kBaud115200 = 0x01d60000;

struct UarteTest : testing::Test {
  Chip c;
  bus::Device& uart = c.add("nrf.uarte", "uart0", kBase, 2, {{"legacy", "true"}});
  void enable(uint32_t mode, uint32_t baud = kBaud1M) {
    wr(uart, 0x50c, 6);  // PSEL.TXD = P0.06
    wr(uart, 0x514, 8);
    wr(uart, 0x524, baud);
    wr(uart, 0x500, mode);
  }
  void send(std::string_view text) {
    std::copy(text.begin(), text.end(), &c.board.ram[kBuffer - FakeBoard::kRam]);
    wr(uart, 0x544, kBuffer);
    wr(uart, 0x548, static_cast<uint32_t>(text.size()));
    wr(uart, kStartTx, 1);
  }
  void arrive(std::string_view text) {
    sim::Event e;
    e.time = c.board.now();
    e.code = devices::nrf::Uarte::kUartRx;
    e.data = std::make_shared<const sim::Bytes>(text.begin(), text.end());
    uart.on_delivery(e);
  }
  void receive_into(uint32_t ptr, uint32_t max) {
    wr(uart, 0x534, ptr);
    wr(uart, 0x538, max);
    wr(uart, kStartRx, 1);
  }
  std::string ram(uint32_t address, size_t n) const {
    const auto* p = reinterpret_cast<const char*>(&c.board.ram[address - FakeBoard::kRam]);
    return {p, n};
  }
  std::vector<SimTime> times(uint32_t event) const { return c.board.times_of(kBase + event); }
};

TEST_F(UarteTest, SendsABufferAtTheBaudRate) {
  enable(8);
  send("hello");
  EXPECT_EQ(times(kTxStarted), std::vector{us(0)});
  c.board.run_until(us(100));
  EXPECT_EQ(c.board.printed, "hello");
  EXPECT_EQ(times(kTxdRdy), (std::vector{us(10), us(20), us(30), us(40), us(50)}));
  EXPECT_EQ(times(kEndTx), std::vector{us(50)});
  EXPECT_EQ(rd(uart, 0x54c), 5u);
}

TEST_F(UarteTest, ActualBaudRatesOfTheDatasheet) {
  // BAUDRATE value -> actual rate (PS 6.34, BAUDRATE).
  const std::pair<uint32_t, int64_t> rates[] = {{0x00275000, 9598},
                                                {0x009d0000, 38369},
                                                {0x00eb0000, 57554},
                                                {kBaud115200, 115108},
                                                {0x0f000000, 941176}};
  for (const auto& [setting, rate] : rates) {
    c.board.published.clear();
    enable(8, setting);
    const SimTime begin = c.board.now();
    send("x");
    c.board.run_for(Duration::ms(2));
    ASSERT_EQ(times(kEndTx).size(), 1u);
    const double bit_s = (times(kEndTx)[0] - begin).count_s() / 10;
    EXPECT_NEAR(1 / bit_s, static_cast<double>(rate), 1.0) << rate;
  }
}

TEST_F(UarteTest, ParityAndStopBitsLengthenTheByte) {
  enable(8);
  wr(uart, 0x56c, 7u << 1 | 1u << 4);
  send("x");
  c.board.run_until(us(200));
  EXPECT_EQ(times(kEndTx), std::vector{us(12)});
}

TEST_F(UarteTest, StopTxFinishesTheByte) {
  enable(8);
  send("hello");
  c.board.run_until(us(25));
  wr(uart, kStopTx, 1);
  c.board.run_until(us(100));
  EXPECT_EQ(c.board.printed, "hel");
  EXPECT_EQ(times(kTxStopped), std::vector{us(30)});
  EXPECT_EQ(rd(uart, 0x54c), 3u);
  wr(uart, kStopTx, 1);  // idle: stopped at once
  EXPECT_EQ(times(kTxStopped).size(), 2u);
}

TEST_F(UarteTest, NothingComesOutOfAnUnconnectedPin) {
  enable(8);
  wr(uart, 0x50c, 0xffffffff);
  send("x");
  c.board.run_until(us(100));
  EXPECT_EQ(c.board.printed, "");
  EXPECT_EQ(times(kEndTx).size(), 1u);
  EXPECT_EQ(c.board.logs.size(), 1u);
}

TEST_F(UarteTest, ReceivesIntoABuffer) {
  enable(8);
  receive_into(kBuffer, 3);
  EXPECT_EQ(times(kRxStarted).size(), 1u);
  arrive("abc");
  c.board.run_until(us(100));
  EXPECT_EQ(times(kRxdRdy), (std::vector{us(10), us(20), us(30)}));
  EXPECT_EQ(times(kEndRx), std::vector{us(30)});
  EXPECT_EQ(rd(uart, 0x53c), 3u);
  EXPECT_EQ(ram(kBuffer, 3), "abc");
}

TEST_F(UarteTest, EndrxStartrxShortSwapsBuffers) {
  enable(8);
  wr(uart, 0x200, 1u << 5);
  receive_into(kBuffer, 2);
  wr(uart, 0x534, kBuffer + 0x10);
  arrive("abcd");
  c.board.run_until(us(100));
  EXPECT_EQ(ram(kBuffer, 2), "ab");
  EXPECT_EQ(ram(kBuffer + 0x10, 2), "cd");
  EXPECT_EQ(times(kEndRx).size(), 2u);
}

TEST_F(UarteTest, StopRxEndsTheTransferAndTimesOut) {
  enable(8);
  receive_into(kBuffer, 10);
  arrive("ab");
  c.board.run_until(us(50));
  wr(uart, kStopRx, 1);
  EXPECT_EQ(times(kEndRx), std::vector{us(50)});
  EXPECT_EQ(rd(uart, 0x53c), 2u);
  c.board.run_until(us(200));
  EXPECT_EQ(times(kRxto), std::vector{us(90)});
}

TEST_F(UarteTest, BytesAfterStopWaitInTheFifoForFlush) {
  enable(8);
  receive_into(kBuffer, 1);
  arrive("abc");
  c.board.run_until(us(10));
  wr(uart, kStopRx, 1);
  c.board.run_until(us(200));
  wr(uart, 0x534, kBuffer + 0x10);
  wr(uart, 0x538, 5);
  wr(uart, kFlushRx, 1);
  EXPECT_EQ(rd(uart, 0x53c), 2u);
  EXPECT_EQ(ram(kBuffer + 0x10, 2), "bc");
}

TEST_F(UarteTest, OverrunWhenTheFifoIsFull) {
  enable(8);
  receive_into(kBuffer, 1);
  arrive("0123456");  // one in RAM, four in the FIFO, two lost
  c.board.run_until(us(200));
  EXPECT_EQ(times(kError).size(), 2u);
  EXPECT_EQ(rd(uart, 0x480), 1u);
  wr(uart, 0x480, 1);
  EXPECT_EQ(rd(uart, 0x480), 0u);
}

TEST_F(UarteTest, LegacyTransmit) {
  enable(4);
  wr(uart, kStartTx, 1);
  wr(uart, 0x304, 1u << 7);
  wr(uart, 0x51c, 'A');
  c.board.run_until(us(9));
  EXPECT_FALSE(c.board.irqs[2]);
  c.board.run_until(us(10));
  EXPECT_TRUE(c.board.irqs[2]);
  wr(uart, kTxdRdy, 0);
  wr(uart, 0x51c, 'B');
  wr(uart, 0x51c, 'C');  // held until B is out
  c.board.run_until(us(30));
  EXPECT_EQ(c.board.printed, "ABC");
}

TEST_F(UarteTest, LegacyReceiveGivesOneReadyAByte) {
  enable(4);
  wr(uart, kStartRx, 1);
  arrive("xyz");
  c.board.run_until(us(40));
  EXPECT_EQ(times(kRxdRdy).size(), 1u);
  EXPECT_EQ(rd(uart, 0x518), uint32_t{'x'});
  EXPECT_EQ(times(kRxdRdy).size(), 2u);
  EXPECT_EQ(rd(uart, 0x518), uint32_t{'y'});
  EXPECT_EQ(rd(uart, 0x518), uint32_t{'z'});
  EXPECT_EQ(times(kRxdRdy).size(), 3u);
  EXPECT_EQ(rd(uart, 0x518), 0u);
}

TEST(Uarte, SecondInstanceHasNoLegacyHalf) {
  Chip c;
  auto& uart = c.add("nrf.uarte", "uart1", 0x40028000, 40, {{"legacy", "false"}});
  wr(uart, 0x500, 4);
  wr(uart, 0x008, 1);
  wr(uart, 0x51c, 'A');
  c.board.run_until(us(1000));
  EXPECT_EQ(c.board.printed, "");
  EXPECT_EQ(c.board.logs[0], "uart1: ENABLE = 4 selects nothing in this block");
}

}  // namespace
}  // namespace xedgesim::test
