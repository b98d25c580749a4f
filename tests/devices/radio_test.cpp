#include <gtest/gtest.h>
#include <algorithm>

#include "chip.h"
#include "devices/nrf/radio_frame.h"
#include "sim/air.h"

namespace xedgesim::test {
namespace {

constexpr uint32_t kBase = 0x40001000, kBuffer = 0x20000200;
constexpr uint32_t kTxEn = 0x000, kRxEn = 0x004, kStart = 0x008, kStop = 0x00c, kDisable = 0x010,
                   kRssiStart = 0x014;
constexpr uint32_t kEdStart = 0x024, kEdStop = 0x028, kCcaStart = 0x02c, kCcaStop = 0x030;
constexpr uint32_t kReady = 0x100, kAddress = 0x104, kPayload = 0x108, kEnd = 0x10c, kDisabled = 0x110;
constexpr uint32_t kRssiEnd = 0x11c, kBcMatch = 0x128, kCrcOk = 0x130, kCrcError = 0x134, kFrameStart = 0x138;
constexpr uint32_t kEdEnd = 0x13c, kEdStopped = 0x140, kCcaIdle = 0x144, kCcaBusy = 0x148,
                   kCcaStopped = 0x14c;
constexpr uint32_t kTxReady = 0x154, kRxReady = 0x158, kMhrMatch = 0x15c, kPhyEnd = 0x16c;
constexpr uint32_t kShorts = 0x200, kState = 0x550;

enum : uint32_t { disabled, rx_ramp_up, rx_idle, rx, rx_disable, tx_ramp_up = 9, tx_idle, tx, tx_disable };

struct RadioTest : testing::Test {
  Chip c;
  bus::Device& clock = c.add_clock();
  bus::Device& radio = c.add("nrf.radio", "radio", kBase, 1);
  int64_t t0 = 0;  ///< microseconds at which the test begins

  void SetUp() override {
    c.start_clocks(clock);
    t0 = c.board.now().count_ns() / 1000;
    configure(radio);
    c.board.published.clear();
  }
  /// As an 802.15.4 driver does it, on channel 11.
  static void configure(bus::Device& r) {
    wr(r, 0x510, 15);                       // MODE
    wr(r, 0x650, 1);                        // MODECNF0.RU = Fast
    wr(r, 0x508, 5);                        // 2405 MHz
    wr(r, 0x514, 8 | 2u << 24 | 1u << 26);  // PCNF0: LFLEN, PLEN, CRCINC
    wr(r, 0x518, 127);                      // PCNF1.MAXLEN
    wr(r, 0x534, 2 | 2u << 8);              // CRCCNF
    wr(r, 0x538, 0x11021);
    wr(r, 0x504, kBuffer);
  }
  void put_frame(const std::vector<uint8_t>& mpdu_without_fcs) {
    c.board.ram[kBuffer - FakeBoard::kRam] = static_cast<uint8_t>(mpdu_without_fcs.size() + 2);
    std::copy(mpdu_without_fcs.begin(), mpdu_without_fcs.end(), &c.board.ram[kBuffer + 1 - FakeBoard::kRam]);
  }
  static sim::SharedBytes with_fcs(std::vector<uint8_t> mpdu) {
    const uint32_t fcs = devices::nrf::crc({.bytes = 2, .polynomial = 0x11021}, mpdu);
    mpdu.push_back(static_cast<uint8_t>(fcs));
    mpdu.push_back(static_cast<uint8_t>(fcs >> 8));
    return std::make_shared<const sim::Bytes>(mpdu);
  }
  void deliver(air::Code code, std::array<int64_t, 4> args, sim::SharedBytes data = nullptr) {
    radio.on_delivery(
        air::make(code, sim::EventKind::delivery, c.board.now(), sim::kNobody, args, std::move(data)));
  }
  std::vector<air::Code> sent() const {
    std::vector<air::Code> codes;
    for (const auto& e : c.board.sent) codes.push_back(static_cast<air::Code>(e.code));
    return codes;
  }
  SimTime at(int64_t after_us) const { return us(t0 + after_us); }
  std::vector<SimTime> times(uint32_t event) const { return c.board.times_of(kBase + event); }
  void go_rx_idle() {
    wr(radio, kRxEn, 1);
    c.board.run_for(Duration::us(40));
    t0 += 40;
  }
};

TEST_F(RadioTest, RampUpTimes) {
  struct Case {
    uint32_t task, ramping, idle, event;
    uint32_t fast;
    int64_t time_us;
  };
  const Case cases[] = {{kTxEn, tx_ramp_up, tx_idle, kTxReady, 1, 40},
                        {kRxEn, rx_ramp_up, rx_idle, kRxReady, 1, 40},
                        {kTxEn, tx_ramp_up, tx_idle, kTxReady, 0, 130},
                        {kRxEn, rx_ramp_up, rx_idle, kRxReady, 0, 130}};
  for (const Case& k : cases) {
    radio.reset();
    configure(radio);
    wr(radio, 0x650, k.fast);
    c.board.published.clear();
    const SimTime begin = c.board.now();
    wr(radio, k.task, 1);
    EXPECT_EQ(rd(radio, kState), k.ramping);
    c.board.run_for(Duration::us(k.time_us) - Duration::ns(1));
    EXPECT_EQ(rd(radio, kState), k.ramping);
    c.board.run_for(Duration::ns(1));
    EXPECT_EQ(rd(radio, kState), k.idle);
    EXPECT_EQ(times(kReady), std::vector{begin + Duration::us(k.time_us)});
    EXPECT_EQ(times(k.event), std::vector{begin + Duration::us(k.time_us)});
  }
}

TEST_F(RadioTest, DisableTimes) {
  wr(radio, kTxEn, 1);
  c.board.run_until(at(40));
  wr(radio, kDisable, 1);
  EXPECT_EQ(rd(radio, kState), uint32_t{tx_disable});
  c.board.run_until(at(100));
  EXPECT_EQ(times(kDisabled), std::vector{at(61)});
  c.board.published.clear();
  wr(radio, kRxEn, 1);
  c.board.run_until(at(140));
  wr(radio, kDisable, 1);
  EXPECT_EQ(rd(radio, kState), uint32_t{rx_disable});
  c.board.run_until(at(200));
  EXPECT_EQ(times(kDisabled), std::vector{at(140) + Duration::ns(500)});
  EXPECT_EQ(rd(radio, kState), uint32_t{disabled});
  c.board.published.clear();
  wr(radio, kDisable, 1);  // already disabled: says so at once
  EXPECT_EQ(times(kDisabled), std::vector{at(200)});
}

TEST_F(RadioTest, TransmitSequence) {
  const std::vector<uint8_t> mpdu = {0x41, 0x88, 0x01, 0xcd, 0xab, 0xff, 0xff, 0x34, 0x12, 'h', 'i'};
  put_frame(mpdu);
  wr(radio, 0x50c, 0xf8);                   // -8 dBm
  wr(radio, kShorts, 1u << 18 | 1u << 20);  // TXREADY_START, PHYEND_DISABLE
  wr(radio, kTxEn, 1);
  c.board.run_until(at(2000));
  ASSERT_EQ(sent(), std::vector{air::Code::tx_start});
  const sim::Event& e = c.board.sent[0];
  EXPECT_EQ(e.kind, sim::EventKind::state);
  EXPECT_EQ(e.time, at(40));
  EXPECT_EQ(e.args[0], 2405);
  EXPECT_EQ(e.args[1], -800);
  EXPECT_EQ(*e.data, *with_fcs(mpdu));
  const int64_t end = 40 + 160 + 32 + 13 * 32;
  EXPECT_EQ(times(kAddress), std::vector{at(40 + 160)});
  EXPECT_EQ(times(kFrameStart), std::vector{at(40 + 192)});
  EXPECT_EQ(times(kPayload), std::vector{at(end - 64)});
  EXPECT_EQ(times(kEnd), std::vector{at(end)});
  EXPECT_EQ(times(kPhyEnd), std::vector{at(end)});
  EXPECT_EQ(times(kDisabled), std::vector{at(end + 21)});
  EXPECT_EQ(at(end) - at(40), air::frame_duration(13));
}

TEST_F(RadioTest, FcsIsThatOfTheStandard) {
  // The example of IEEE 802.15.4-2020, 7.2.11: an acknowledgment frame whose bits leave as 0100 0000 0000
  // 0000 0101 0110 is followed by 0010 0111 1001 1110, the bytes e4 79 with the first bit lowest.
  const std::vector<uint8_t> ack = {0x02, 0x00, 0x6a};
  const uint32_t fcs = devices::nrf::crc({.bytes = 2, .polynomial = 0x11021}, ack);
  EXPECT_EQ(fcs, 0x79e4u);
  const std::vector<uint8_t> text = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};
  EXPECT_EQ(devices::nrf::crc({.bytes = 2, .polynomial = 0x11021}, text), 0x2189u);  // CRC-16/KERMIT
  // CRC-24/BLE over the same text: poly 0x65b, init 0x555555, reflected.
  EXPECT_EQ(devices::nrf::crc({.bytes = 3, .polynomial = 0x65b, .initial = 0x555555}, text), 0xc25a56u);
}

TEST_F(RadioTest, TransmitterSwitchedOffInAFrame) {
  put_frame({1, 2, 3, 4, 5});
  wr(radio, kShorts, 1);  // READY_START
  wr(radio, kTxEn, 1);
  c.board.run_until(at(300));
  EXPECT_EQ(rd(radio, kState), uint32_t{tx});
  wr(radio, kDisable, 1);
  c.board.run_until(at(1000));
  EXPECT_EQ(sent(), (std::vector{air::Code::tx_start, air::Code::tx_abort}));
  EXPECT_TRUE(times(kEnd).empty());
  EXPECT_EQ(times(kDisabled), std::vector{at(321)});
}

TEST_F(RadioTest, WithoutHardwareCrcTheFirmwaresBytesAreSent) {
  put_frame({1, 2, 3, 4});
  wr(radio, 0x534, 0);
  wr(radio, kShorts, 1);
  wr(radio, kTxEn, 1);
  c.board.run_until(at(41));
  ASSERT_EQ(c.board.sent.size(), 1u);
  EXPECT_EQ(*c.board.sent[0].data, (sim::Bytes{1, 2, 3, 4, 0, 0}));  // length 6, two bytes left from RAM
}

TEST_F(RadioTest, ReceiveSequence) {
  const std::vector<uint8_t> mpdu = {0x41, 0x88, 7, 0xcd, 0xab, 1, 0, 2, 0, 'x'};
  wr(radio, kShorts, 1u << 19 | 1u << 4);  // RXREADY_START, ADDRESS_RSSISTART
  wr(radio, kRxEn, 1);
  c.board.run_until(at(500));
  ASSERT_EQ(sent(), std::vector{air::Code::listen});
  EXPECT_EQ(c.board.sent[0].time, at(40));
  EXPECT_EQ(c.board.sent[0].args[0], 2405);
  deliver(air::Code::frame_start, {12, -6000, 0, 0});
  EXPECT_EQ(times(kFrameStart), std::vector{at(500)});
  EXPECT_EQ(times(kAddress), std::vector{at(500)});
  ASSERT_EQ(sent().back(), air::Code::rssi_sample);
  c.board.run_until(at(515));
  deliver(air::Code::rssi_result, {-6040, 0, 0, c.board.sent.back().args[3]});
  EXPECT_EQ(rd(radio, 0x548), 60u);
  EXPECT_EQ(times(kRssiEnd), std::vector{at(515)});
  c.board.run_until(at(500 + 12 * 32));
  deliver(air::Code::frame_end, {1, -6000, 200, 0}, with_fcs(mpdu));
  EXPECT_EQ(rd(radio, kState), uint32_t{rx_idle});
  EXPECT_EQ(times(kCrcOk), std::vector{at(884)});
  EXPECT_EQ(times(kEnd), std::vector{at(884)});
  EXPECT_TRUE(times(kCrcError).empty());
  EXPECT_EQ(rd(radio, 0x400), 1u);
  EXPECT_EQ(sent().back(), air::Code::unlisten);
  const uint8_t* ram = &c.board.ram[kBuffer - FakeBoard::kRam];
  EXPECT_EQ(ram[0], 12);
  EXPECT_TRUE(std::equal(mpdu.begin(), mpdu.end(), ram + 1));
  EXPECT_EQ(ram[11], 50);  // LQI 200 / 4, in place of the FCS
}

TEST_F(RadioTest, CrcErrorIsComputedFromTheBits) {
  wr(radio, kShorts, 1u << 19);
  wr(radio, kRxEn, 1);
  c.board.run_until(at(100));
  sim::Bytes damaged = *with_fcs({1, 2, 3, 4, 5, 6});
  damaged[2] ^= 0x10;
  deliver(air::Code::frame_start, {8, -6000, 0, 0});
  deliver(air::Code::frame_end, {0, -6000, 30, 0}, std::make_shared<const sim::Bytes>(damaged));
  EXPECT_EQ(times(kCrcError).size(), 1u);
  EXPECT_TRUE(times(kCrcOk).empty());
  EXPECT_EQ(rd(radio, 0x400), 0u);
}

TEST_F(RadioTest, PhyendStartKeepsReceiving) {
  wr(radio, kShorts, 1u << 19 | 1u << 21);
  wr(radio, kRxEn, 1);
  c.board.run_until(at(100));
  deliver(air::Code::frame_start, {5, -6000, 0, 0});
  deliver(air::Code::frame_end, {1, -6000, 255, 0}, with_fcs({1, 2, 3}));
  EXPECT_EQ(rd(radio, kState), uint32_t{rx});
  EXPECT_EQ(sent(), (std::vector{air::Code::listen, air::Code::unlisten, air::Code::listen}));
}

TEST_F(RadioTest, FramesThatComeWhileNotReceivingAreLost) {
  go_rx_idle();
  deliver(air::Code::frame_start, {5, -6000, 0, 0});
  deliver(air::Code::frame_end, {1, -6000, 255, 0}, with_fcs({1, 2, 3}));
  EXPECT_TRUE(times(kEnd).empty());
  EXPECT_EQ(c.board.ram[kBuffer - FakeBoard::kRam], 0);
  // Nor does a receiver started in the middle of a frame see its end.
  wr(radio, kStart, 1);
  deliver(air::Code::frame_end, {1, -6000, 255, 0}, with_fcs({1, 2, 3}));
  EXPECT_TRUE(times(kEnd).empty());
}

TEST_F(RadioTest, CcaThenTransmit) {
  put_frame({1, 2, 3});
  wr(radio, 0x66c, 0 | 20u << 8);                      // ED mode, -72 dBm
  wr(radio, kShorts, 1u << 11 | 1u << 12 | 1u << 18);  // RXREADY_CCASTART, CCAIDLE_TXEN, TXREADY_START
  wr(radio, kRxEn, 1);
  c.board.run_until(at(40));
  ASSERT_EQ(sent(), std::vector{air::Code::cca_start});
  const sim::Event ask = c.board.sent[0];
  EXPECT_EQ(ask.args[0], 2405);
  EXPECT_EQ(ask.args[1], 1);
  EXPECT_EQ(ask.args[2], -7200);
  EXPECT_EQ(c.board.syncs, std::vector{at(168)});
  c.board.run_until(at(168));
  deliver(air::Code::cca_result, {0, -9500, 0, ask.args[3]});
  EXPECT_EQ(times(kCcaIdle), std::vector{at(168)});
  EXPECT_EQ(rd(radio, kState), uint32_t{tx_ramp_up});
  c.board.run_until(at(300));
  ASSERT_EQ(sent(), (std::vector{air::Code::cca_start, air::Code::tx_start}));
  EXPECT_EQ(c.board.sent[1].time, at(168 + 40));
}

TEST_F(RadioTest, CcaBusyDisables) {
  wr(radio, kShorts, 1u << 11 | 1u << 13);
  wr(radio, kRxEn, 1);
  c.board.run_until(at(168));
  deliver(air::Code::cca_result, {1, -5000, 0, c.board.sent[0].args[3]});
  c.board.run_until(at(200));
  EXPECT_EQ(times(kCcaBusy), std::vector{at(168)});
  EXPECT_EQ(times(kDisabled).size(), 1u);
  EXPECT_TRUE(times(kCcaIdle).empty());
}

TEST_F(RadioTest, CcaModes) {
  const air::CcaMode modes[] = {air::CcaMode::energy, air::CcaMode::carrier, air::CcaMode::carrier_and_energy,
                                air::CcaMode::carrier_or_energy};
  go_rx_idle();
  for (uint32_t mode = 0; mode < 4; ++mode) {
    wr(radio, 0x66c, mode | 45u << 8);
    wr(radio, kCcaStart, 1);
    EXPECT_EQ(c.board.sent.back().args[1], static_cast<int64_t>(modes[mode]));
    EXPECT_EQ(c.board.sent.back().args[2], -4700);
  }
  // An answer to an older question is not taken for the last one's.
  deliver(air::Code::cca_result, {1, -6000, 0, c.board.sent[0].args[3]});
  EXPECT_TRUE(times(kCcaBusy).empty());
  deliver(air::Code::cca_result, {0, -6000, 0, c.board.sent[3].args[3]});
  EXPECT_EQ(times(kCcaIdle).size(), 1u);
}

TEST_F(RadioTest, FramesAreCutToTheStandardsLength) {
  c.board.ram[kBuffer - FakeBoard::kRam] = 200;
  wr(radio, 0x518, 255);
  wr(radio, kShorts, 1u << 18);
  wr(radio, kTxEn, 1);
  c.board.run_until(at(41));
  EXPECT_EQ(c.board.sent.at(0).data->size(), 127u);
}

TEST_F(RadioTest, CcaStopDropsTheAnswer) {
  go_rx_idle();
  wr(radio, kCcaStart, 1);
  wr(radio, kCcaStop, 1);
  EXPECT_EQ(times(kCcaStopped).size(), 1u);
  deliver(air::Code::cca_result, {1, -5000, 0, c.board.sent[0].args[3]});
  EXPECT_TRUE(times(kCcaBusy).empty());
}

TEST_F(RadioTest, EnergyDetection) {
  go_rx_idle();
  wr(radio, 0x664, 4);
  wr(radio, kShorts, 1u << 16);  // EDEND_DISABLE
  wr(radio, kEdStart, 1);
  ASSERT_EQ(sent(), std::vector{air::Code::ed_start});
  EXPECT_EQ(c.board.sent[0].args[1], Duration::us(5 * 128).count_ns());
  EXPECT_EQ(c.board.syncs, std::vector{at(640)});
  c.board.run_until(at(640));
  deliver(air::Code::ed_result, {-6540, 0, 0, c.board.sent[0].args[3]});
  EXPECT_EQ(rd(radio, 0x668), 27u);  // -65 dBm
  EXPECT_EQ(times(kEdEnd), std::vector{at(640)});
  EXPECT_EQ(rd(radio, kState), uint32_t{rx_disable});
}

TEST_F(RadioTest, EdStopAndRange) {
  go_rx_idle();
  wr(radio, kEdStart, 1);
  wr(radio, kEdStop, 1);
  EXPECT_EQ(times(kEdStopped).size(), 1u);
  deliver(air::Code::ed_result, {-6500, 0, 0, c.board.sent[0].args[3]});
  EXPECT_TRUE(times(kEdEnd).empty());
  wr(radio, kEdStart, 1);
  deliver(air::Code::ed_result, {-12000, 0, 0, c.board.sent[1].args[3]});
  EXPECT_EQ(rd(radio, 0x668), 0u);
}

TEST_F(RadioTest, RssiAsksForASyncPoint) {
  go_rx_idle();
  wr(radio, kRssiStart, 1);
  ASSERT_EQ(sent(), std::vector{air::Code::rssi_sample});
  EXPECT_EQ(c.board.sent[0].args[1], 15000);
  EXPECT_EQ(c.board.syncs, std::vector{at(15)});
}

TEST_F(RadioTest, TifsHoldsBackTheAnswer) {
  wr(radio, 0x650, 0);  // default ramp-up: TIFS is kept
  wr(radio, 0x544, 192);
  wr(radio, kShorts, 1u << 19 | 1u << 20 | 1u << 2);  // RXREADY_START, PHYEND_DISABLE, DISABLED_TXEN
  wr(radio, kRxEn, 1);
  c.board.run_until(at(500));
  deliver(air::Code::frame_start, {5, -6000, 0, 0});
  c.board.run_until(at(660));
  deliver(air::Code::frame_end, {1, -6000, 255, 0}, with_fcs({1, 2, 3}));
  c.board.run_until(at(1000));
  EXPECT_EQ(times(kTxReady), std::vector{at(660 + 192)});
}

TEST_F(RadioTest, BitCounterFindsTheBytesThatHaveArrived) {
  const std::vector<uint8_t> mpdu = {0x41, 0x88, 7, 0xcd, 0xab, 1, 0, 2, 0, 'x'};
  wr(radio, 0x560, 3 * 8);
  wr(radio, kShorts, 1u << 19 | 1u << 14);  // RXREADY_START, FRAMESTART_BCSTART
  wr(radio, kRxEn, 1);
  c.board.run_until(at(500));
  deliver(air::Code::frame_start, {12, -6000, 0, 0}, with_fcs(mpdu));
  c.board.run_until(at(500 + 96));
  EXPECT_EQ(times(kBcMatch), std::vector{at(596)});
  const uint8_t* ram = &c.board.ram[kBuffer - FakeBoard::kRam];
  EXPECT_EQ(ram[3], 7);
  EXPECT_EQ(ram[4], 0);  // not there yet
  wr(radio, 0x560, 5 * 8);
  c.board.run_until(at(700));
  EXPECT_EQ(times(kBcMatch), (std::vector{at(596), at(660)}));
  EXPECT_EQ(ram[4], 0xcd);
}

TEST_F(RadioTest, HeaderMatch) {
  wr(radio, 0x644, 0x8841);
  wr(radio, 0x648, 0xffff);
  wr(radio, kShorts, 1u << 19 | 1u << 21);
  wr(radio, kRxEn, 1);
  c.board.run_until(at(100));
  deliver(air::Code::frame_start, {7, -6000, 0, 0});
  deliver(air::Code::frame_end, {1, -6000, 255, 0}, with_fcs({0x41, 0x88, 3, 4, 5}));
  EXPECT_EQ(times(kMhrMatch).size(), 1u);
  deliver(air::Code::frame_start, {7, -6000, 0, 0});
  deliver(air::Code::frame_end, {1, -6000, 255, 0}, with_fcs({0x61, 0x88, 3, 4, 5}));
  EXPECT_EQ(times(kMhrMatch).size(), 1u);
}

TEST_F(RadioTest, OtherModesAreRefused) {
  wr(radio, 0x510, 3);
  wr(radio, kTxEn, 1);
  EXPECT_EQ(rd(radio, kState), uint32_t{disabled});
  ASSERT_EQ(c.board.logs.size(), 1u);
  EXPECT_EQ(c.board.logs[0], "radio: TASKS_TXEN with MODE = 3 refused: only IEEE 802.15.4 (15) is modelled");
}

TEST_F(RadioTest, CurrentsFollowTheState) {
  c.resources.currents = {{"radio_rx", 6.53e-3},
                          {"radio_tx.0dBm", 6.4e-3},
                          {"radio_tx.-40dBm", 3.83e-3},
                          {"radio_tx.8dBm", 16.4e-3}};
  wr(radio, kRxEn, 1);
  EXPECT_EQ(c.board.currents["radio_rx"], 6.53e-3);
  c.board.run_for(Duration::us(40));
  wr(radio, 0x50c, 0xfc);  // -4 dBm: the next listed power above is 0 dBm
  wr(radio, kTxEn, 1);     // straight from receive, as after a CCA
  EXPECT_EQ(c.board.currents["radio_rx"], 0);
  EXPECT_EQ(c.board.currents["radio_tx"], 6.4e-3);
  wr(radio, kDisable, 1);
  c.board.run_for(Duration::us(30));
  EXPECT_EQ(c.board.currents["radio_tx"], 0);
}

TEST_F(RadioTest, PowerOffRestoresResetValues) {
  put_frame({1, 2, 3});
  wr(radio, kShorts, 1);
  wr(radio, kTxEn, 1);
  c.board.run_until(at(100));
  wr(radio, 0xffc, 0);
  EXPECT_EQ(rd(radio, kState), uint32_t{disabled});
  EXPECT_EQ(sent().back(), air::Code::tx_abort);
  EXPECT_EQ(rd(radio, 0x510), 0u);
  wr(radio, 0x510, 15);
  wr(radio, kTxEn, 1);
  EXPECT_EQ(rd(radio, kState), uint32_t{disabled});
  wr(radio, 0xffc, 1);
  wr(radio, kTxEn, 1);
  EXPECT_EQ(rd(radio, kState), uint32_t{tx_ramp_up});
}

TEST_F(RadioTest, StopReturnsToIdle) {
  go_rx_idle();
  wr(radio, kStart, 1);
  EXPECT_EQ(rd(radio, kState), uint32_t{rx});
  wr(radio, kStop, 1);
  EXPECT_EQ(rd(radio, kState), uint32_t{rx_idle});
  EXPECT_EQ(sent(), (std::vector{air::Code::listen, air::Code::unlisten}));
}

TEST_F(RadioTest, ABufferOutsideRamSendsAnEmptyFrame) {
  wr(radio, 0x504, 0x10);
  wr(radio, kShorts, 1u << 18);
  wr(radio, kTxEn, 1);
  c.board.run_until(at(1000));
  ASSERT_EQ(c.board.sent.size(), 1u);
  EXPECT_EQ(c.board.sent[0].data->size(), 2u);  // the CRC alone
  EXPECT_EQ(times(kEnd).size(), 1u);
}

}  // namespace
}  // namespace xedgesim::test
