#include <gtest/gtest.h>

#include "base/error.h"
#include "base/rng.h"
#include "net/mqttsn/codec.h"

namespace xedgesim::net::mqttsn {
namespace {

sim::Bytes bytes(std::initializer_list<int> v) {
  sim::Bytes out;
  for (int b : v) out.push_back(static_cast<uint8_t>(b));
  return out;
}

DecodeError why(const sim::Bytes& b) {
  DecodeError e = DecodeError::none;
  decode(b, &e);
  return e;
}

TEST(MqttSn, PublishAsTheFirmwareSendsIt) {
  // QoS -1 (0b11), predefined topic id 5, message id 0: no connection, nothing comes back.
  const Message m = Publish{
      .qos = kQosMinusOne, .topic_type = TopicIdType::predefined, .topic_id = 5, .data = bytes({0xca, 0xfe})};
  EXPECT_EQ(encode(m), bytes({9, 0x0c, 0x61, 0, 5, 0, 0, 0xca, 0xfe}));
  EXPECT_EQ(decode(encode(m)), m);
}

TEST(MqttSn, HasTheWireFormOfTheSpecification) {
  EXPECT_EQ(encode(Advertise{3, 900}), bytes({5, 0x00, 3, 0x03, 0x84}));
  EXPECT_EQ(encode(Connect{.clean_session = true, .duration_s = 60, .client_id = "ab"}),
            bytes({8, 0x04, 0x04, 0x01, 0, 60, 'a', 'b'}));
  EXPECT_EQ(encode(Connack{ReturnCode::congestion}), bytes({3, 0x05, 1}));
  EXPECT_EQ(encode(Register{0, 7, "t/x"}), bytes({9, 0x0a, 0, 0, 0, 7, 't', '/', 'x'}));
  EXPECT_EQ(encode(Regack{2, 7, ReturnCode::accepted}), bytes({7, 0x0b, 0, 2, 0, 7, 0}));
  EXPECT_EQ(encode(Puback{2, 7, ReturnCode::invalid_topic_id}), bytes({7, 0x0d, 0, 2, 0, 7, 2}));
  EXPECT_EQ(encode(Pubcomp{7}), bytes({4, 0x0e, 0, 7}));
  EXPECT_EQ(encode(Pubrec{7}), bytes({4, 0x0f, 0, 7}));
  EXPECT_EQ(encode(Pubrel{7}), bytes({4, 0x10, 0, 7}));
  EXPECT_EQ(encode(Pingreq{}), bytes({2, 0x16}));
  EXPECT_EQ(encode(Pingresp{}), bytes({2, 0x17}));
  EXPECT_EQ(encode(Disconnect{}), bytes({2, 0x18}));
  EXPECT_EQ(encode(Disconnect{true, 300}), bytes({4, 0x18, 1, 44}));
  EXPECT_EQ(encode(Subscribe{.qos = 1, .message_id = 9, .topic = "t"}), bytes({6, 0x12, 0x20, 0, 9, 't'}));
  EXPECT_EQ(name(Message(Publish{})), "PUBLISH");
}

TEST(MqttSn, LongMessagesHaveAThreeByteLength) {
  for (const size_t n : {247u, 248u, 249u, 1000u, 65526u}) {
    const Message m = Publish{.topic_id = 1, .data = sim::Bytes(n, 7)};
    const sim::Bytes b = encode(m);
    if (n <= 248) {
      EXPECT_EQ(b.size(), n + 7);
      EXPECT_EQ(b[0], n + 7);
    } else {
      EXPECT_EQ(b.size(), n + 9);
      EXPECT_EQ(b[0], 1);
      EXPECT_EQ(size_t{b[1]} << 8 | b[2], n + 9);
    }
    EXPECT_EQ(decode(b), m);
  }
  EXPECT_THROW(encode(Publish{.data = sim::Bytes(65527)}), SimulationError);
  // The long form is allowed for a short message.
  EXPECT_EQ(decode(bytes({1, 0, 4, 0x17})), Message(Pingresp{}));
}

Message random_message(RandomStream& r) {
  const auto u8 = [&] { return static_cast<uint8_t>(r()); };
  const auto u16 = [&] { return static_cast<uint16_t>(r()); };
  const auto text = [&](uint32_t lo, uint32_t hi) {
    std::string s(lo + r.below(hi - lo + 1), ' ');
    for (char& c : s) c = static_cast<char>('a' + r.below(26));
    return s;
  };
  const auto data = [&] {
    sim::Bytes b(r.below(400));
    for (auto& x : b) x = u8();
    return b;
  };
  const auto code = [&] { return static_cast<ReturnCode>(r.below(4)); };
  const auto flag = [&] { return r.chance(0.5); };
  const auto qos = [&] { return static_cast<int>(r.below(3)); };
  const auto type = static_cast<TopicIdType>(r.below(3));
  const bool named = type == TopicIdType::normal;
  switch (r.below(23)) {
    case 0:
      return Advertise{u8(), u16()};
    case 1:
      return SearchGw{u8()};
    case 2:
      return GwInfo{u8(), data()};
    case 3:
      return Connect{flag(), flag(), u16(), text(1, 23)};
    case 4:
      return Connack{code()};
    case 5:
      return WillTopicReq{};
    case 6:
      return WillTopic{qos(), flag(), text(1, 40)};
    case 7:
      return WillMsgReq{};
    case 8:
      return WillMsg{data()};
    case 9:
      return Register{u16(), u16(), text(0, 300)};
    case 10:
      return Regack{u16(), u16(), code()};
    case 11:
      return Publish{flag(), flag(), static_cast<int>(r.below(4)) - 1, type, u16(), u16(), data()};
    case 12:
      return Puback{u16(), u16(), code()};
    case 13:
      return Pubrec{u16()};
    case 14:
      return Pubrel{u16()};
    case 15:
      return Pubcomp{u16()};
    case 16:
      return Subscribe{flag(), qos(), type, u16(), named ? text(1, 30) : "", named ? uint16_t{0} : u16()};
    case 17:
      return Suback{qos(), u16(), u16(), code()};
    case 18:
      return Unsubscribe{type, u16(), named ? text(1, 30) : "", named ? uint16_t{0} : u16()};
    case 19:
      return Unsuback{u16()};
    case 20:
      return Pingreq{text(0, 23)};
    case 21:
      return Pingresp{};
    default:
      return flag() ? Disconnect{} : Disconnect{true, u16()};
  }
}

TEST(MqttSn, RoundTripsEveryMessage) {
  RandomStream r(1, "mqttsn", "round trip");
  std::array<int, std::variant_size_v<Message>> seen{};
  for (int i = 0; i < 20'000; ++i) {
    const Message m = random_message(r);
    ++seen[m.index()];
    const sim::Bytes b = encode(m);
    DecodeError e = DecodeError::none;
    const auto back = decode(b, &e);
    ASSERT_TRUE(back) << name(m) << ": " << to_string(e);
    ASSERT_EQ(*back, m) << name(m);
    // One byte less or more never passes: the length says otherwise.
    ASSERT_FALSE(decode(std::span(b).first(b.size() - 1)));
    sim::Bytes longer = b;
    longer.push_back(0);
    ASSERT_FALSE(decode(longer));
  }
  for (int n : seen) EXPECT_GT(n, 0);
}

TEST(MqttSn, RefusesWithAReason) {
  EXPECT_EQ(why({}), DecodeError::too_short);
  EXPECT_EQ(why(bytes({2})), DecodeError::bad_length);
  EXPECT_EQ(why(bytes({1, 0})), DecodeError::too_short);
  EXPECT_EQ(why(bytes({1})), DecodeError::too_short);
  EXPECT_EQ(why(bytes({0, 0x17})), DecodeError::bad_length);
  EXPECT_EQ(why(bytes({3, 0x17})), DecodeError::bad_length);
  EXPECT_EQ(why(bytes({3, 0x17, 0})), DecodeError::bad_length);
  EXPECT_EQ(why(bytes({2, 0x0c})), DecodeError::too_short);
  EXPECT_EQ(why(bytes({2, 0x03})), DecodeError::unknown_type);
  EXPECT_EQ(why(bytes({2, 0xfe})), DecodeError::unknown_type);
  EXPECT_EQ(why(bytes({7, 0x0c, 0x03, 0, 1, 0, 0})), DecodeError::bad_flags);
  EXPECT_EQ(why(bytes({7, 0x0c, 0x04, 0, 1, 0, 0})), DecodeError::bad_flags);
  EXPECT_EQ(why(bytes({3, 0x05, 4})), DecodeError::bad_return_code);
  EXPECT_EQ(why(bytes({7, 0x04, 0x04, 0x02, 0, 60, 'a'})), DecodeError::bad_protocol_id);
  EXPECT_EQ(why(bytes({6, 0x04, 0x04, 0x01, 0, 60})), DecodeError::bad_field);
  EXPECT_EQ(why(bytes({5, 0x12, 0, 0, 1})), DecodeError::bad_field);
  EXPECT_THROW(encode(Connect{.client_id = std::string(24, 'x')}), SimulationError);
  EXPECT_THROW(encode(Publish{.qos = 3}), SimulationError);
}

}  // namespace
}  // namespace xedgesim::net::mqttsn
