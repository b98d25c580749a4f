#include <gtest/gtest.h>

#include <vector>

#include "common/ieee802154.h"
#include "common/mqttsn.h"
#include "common/report.h"

namespace {

using Bytes = std::vector<uint8_t>;

ieee802154_data some_frame(const Bytes& payload) {
  ieee802154_data f{};
  f.ack_requested = true;
  f.sequence = 0x67;
  f.pan_id = 0xABCD;
  f.destination = 0x0102;
  f.source = 0x0304;
  f.payload = payload.data();
  f.payload_length = payload.size();
  return f;
}

Bytes build(const ieee802154_data& f) {
  Bytes mpdu(IEEE802154_MAX_MPDU);
  mpdu.resize(ieee802154_build_data(&f, mpdu.data()));
  return mpdu;
}

}  // namespace

TEST(Ieee802154, DataFrameHasTheBytesOfTheStandard) {
  Bytes payload{0xAA, 0xBB};
  auto f = some_frame(payload);
  EXPECT_EQ(build(f), (Bytes{0x61, 0x88, 0x67, 0xCD, 0xAB, 0x02, 0x01, 0x04, 0x03, 0xAA, 0xBB}));
  f.ack_requested = false;
  EXPECT_EQ(build(f)[0], 0x41);
}

TEST(Ieee802154, ParsesWhatItBuilds) {
  Bytes payload(IEEE802154_MAX_PAYLOAD, 0x5A);
  Bytes mpdu = build(some_frame(payload));
  ASSERT_EQ(mpdu.size(), size_t{IEEE802154_MAX_MPDU});
  ieee802154_data out;
  ASSERT_TRUE(ieee802154_parse_data(mpdu.data(), mpdu.size(), &out));
  EXPECT_TRUE(out.ack_requested);
  EXPECT_EQ(out.sequence, 0x67);
  EXPECT_EQ(out.pan_id, 0xABCD);
  EXPECT_EQ(out.destination, 0x0102);
  EXPECT_EQ(out.source, 0x0304);
  EXPECT_EQ(Bytes(out.payload, out.payload + out.payload_length), payload);
}

TEST(Ieee802154, RefusesATooLongPayload) {
  Bytes payload(IEEE802154_MAX_PAYLOAD + 1);
  auto f = some_frame(payload);
  uint8_t mpdu[IEEE802154_MAX_MPDU];
  EXPECT_EQ(ieee802154_build_data(&f, mpdu), 0u);
}

TEST(Ieee802154, RefusesEverythingButShortAddressedDataFrames) {
  Bytes payload{1, 2, 3};
  const Bytes good = build(some_frame(payload));
  ieee802154_data out;
  for (size_t length = 0; length < IEEE802154_DATA_HEADER_SIZE; length++)
    EXPECT_FALSE(ieee802154_parse_data(good.data(), length, &out)) << length;
  const struct {
    int byte;
    uint8_t flip;
  } faults[] = {{0, 0x02}, {0, 0x08}, {0, 0x40}, {1, 0x04}, {1, 0x08}, {1, 0x40}, {1, 0x80}};
  for (auto [byte, flip] : faults) {
    Bytes bad = good;
    bad[byte] ^= flip;
    EXPECT_FALSE(ieee802154_parse_data(bad.data(), bad.size(), &out)) << byte << " ^ " << int{flip};
  }
}

TEST(Ieee802154, Acknowledgement) {
  uint8_t ack[IEEE802154_ACK_SIZE];
  ieee802154_build_ack(0x42, ack);
  EXPECT_EQ(Bytes(ack, ack + 3), (Bytes{0x02, 0x00, 0x42}));
  EXPECT_TRUE(ieee802154_is_ack(ack, 3, 0x42));
  EXPECT_FALSE(ieee802154_is_ack(ack, 3, 0x43));
  EXPECT_FALSE(ieee802154_is_ack(ack, 2, 0x42));
  ack[0] = 0x01;
  EXPECT_FALSE(ieee802154_is_ack(ack, 3, 0x42));
}

TEST(Ieee802154, Airtime) { EXPECT_EQ(ieee802154_airtime_us(IEEE802154_ACK_SIZE), 352u); }

TEST(MqttSn, PublishHasTheBytesOfTheSpecification) {
  const uint8_t data[] = {0xDE, 0xAD};
  uint8_t out[9];
  ASSERT_EQ(mqttsn_publish_qos_m1(0x0102, data, sizeof data, out, sizeof out), 9u);
  EXPECT_EQ(Bytes(out, out + 9), (Bytes{9, 0x0C, 0x61, 0x01, 0x02, 0, 0, 0xDE, 0xAD}));
  EXPECT_EQ(mqttsn_publish_qos_m1(1, data, sizeof data, out, 8), 0u);
  uint8_t big[300] = {}, wide[400];
  EXPECT_EQ(mqttsn_publish_qos_m1(1, big, 248, wide, sizeof wide), 255u);
  EXPECT_EQ(mqttsn_publish_qos_m1(1, big, 249, wide, sizeof wide), 0u);
}

TEST(Report, LayoutIsTheDocumentedOne) {
  report r{};
  r.flags = 0x0A;
  r.sequence = 0x1234;
  r.window_end_ms = 0x89ABCDEF;
  r.battery_mv = 2999;
  r.tx_retries = 3;
  for (int i = 0; i < FEATURE_COUNT; i++) r.features[i] = static_cast<int16_t>(-256 * i - 1);
  uint8_t out[REPORT_SIZE];
  ASSERT_EQ(report_encode(&r, out), 44u);
  EXPECT_EQ(Bytes(out, out + 12), (Bytes{1, 0x0A, 0x34, 0x12, 0xEF, 0xCD, 0xAB, 0x89, 0xB7, 0x0B, 3, 0}));
  EXPECT_EQ(Bytes(out + 12, out + 16), (Bytes{0xFF, 0xFF, 0xFF, 0xFE}));
  EXPECT_EQ(Bytes(out + 42, out + 44), (Bytes{0xFF, 0xF0}));
}

TEST(Report, FitsOneFrame) {
  EXPECT_LE(int{MQTTSN_PUBLISH_HEADER_SIZE} + int{REPORT_SIZE}, int{IEEE802154_MAX_PAYLOAD});
}
