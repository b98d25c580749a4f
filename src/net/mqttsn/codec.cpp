#include "net/mqttsn/codec.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/error.h"

namespace xedgesim::net::mqttsn {
namespace {

// Values of MsgType, table 3 of the specification, in the order of Message's alternatives.
constexpr std::array<uint8_t, std::variant_size_v<Message>> kTypes = {
    0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
    0x0d, 0x0f, 0x10, 0x0e, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18};
constexpr std::array<std::string_view, std::variant_size_v<Message>> kNames = {
    "ADVERTISE", "SEARCHGW", "GWINFO",      "CONNECT",  "CONNACK", "WILLTOPICREQ", "WILLTOPIC", "WILLMSGREQ",
    "WILLMSG",   "REGISTER", "REGACK",      "PUBLISH",  "PUBACK",  "PUBREC",       "PUBREL",    "PUBCOMP",
    "SUBSCRIBE", "SUBACK",   "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP",     "DISCONNECT"};
constexpr uint8_t kProtocolId = 0x01;
constexpr size_t kMaxClientId = 23;
constexpr size_t kMaxSize = 65535;

// Clause 5.3.4.
constexpr uint8_t kDup = 0x80, kQosShift = 5, kQosMask = 0x60, kRetain = 0x10, kWill = 0x08, kClean = 0x04,
                  kTopicType = 0x03;

struct Failure {
  DecodeError error;
};

// Reads big-endian fields; throws Failure, which never leaves this file.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  uint8_t u8() {
    if (bytes_.empty()) throw Failure{DecodeError::too_short};
    const uint8_t v = bytes_[0];
    bytes_ = bytes_.subspan(1);
    return v;
  }
  uint16_t u16() {
    const unsigned high = u8();
    return static_cast<uint16_t>(high << 8 | u8());
  }
  bool empty() const { return bytes_.empty(); }
  size_t left() const { return bytes_.size(); }
  sim::Bytes bytes() {
    const auto rest = std::exchange(bytes_, {});
    return {rest.begin(), rest.end()};
  }
  std::string text() {
    const auto rest = std::exchange(bytes_, {});
    return {rest.begin(), rest.end()};
  }
  ReturnCode code() {
    const uint8_t v = u8();
    if (v > 3) throw Failure{DecodeError::bad_return_code};
    return static_cast<ReturnCode>(v);
  }
  /// Flags of which only `allowed` may be set.
  uint8_t flags(uint8_t allowed) {
    const uint8_t v = u8();
    if (v & ~allowed || ((allowed & kTopicType) && (v & kTopicType) == 3))
      throw Failure{DecodeError::bad_flags};
    return v;
  }

 private:
  std::span<const uint8_t> bytes_;
};

class Writer {
 public:
  Writer& u8(unsigned v) {
    out_.push_back(static_cast<uint8_t>(v));
    return *this;
  }
  Writer& u16(unsigned v) { return u8(v >> 8).u8(v & 0xff); }
  template <typename Range>
  Writer& all(const Range& r) {
    for (const auto v : r) u8(static_cast<uint8_t>(v));
    return *this;
  }
  sim::Bytes take() { return std::move(out_); }

 private:
  sim::Bytes out_;
};

int qos_of(uint8_t flags) {
  const int q = (flags & kQosMask) >> kQosShift;
  return q == 3 ? kQosMinusOne : q;
}
int qos_without_minus_one(uint8_t flags) {
  const int q = qos_of(flags);
  if (q == kQosMinusOne) throw Failure{DecodeError::bad_flags};
  return q;
}
TopicIdType topic_type(uint8_t flags) { return static_cast<TopicIdType>(flags & kTopicType); }

uint8_t qos_bits(int qos, int lowest) {
  if (qos < lowest || qos > 2)
    throw SimulationError(fmt::format("MQTT-SN has no QoS {} for this message.", qos));
  return static_cast<uint8_t>((qos == kQosMinusOne ? 3 : qos) << kQosShift);
}
uint8_t bit(bool on, uint8_t mask) { return on ? mask : uint8_t{0}; }

template <typename T>
struct Body;

template <>
struct Body<Advertise> {
  static Advertise read(Reader& r) { return {r.u8(), r.u16()}; }
  static void write(const Advertise& m, Writer& w) { w.u8(m.gateway_id).u16(m.duration_s); }
};
template <>
struct Body<SearchGw> {
  static SearchGw read(Reader& r) { return {r.u8()}; }
  static void write(const SearchGw& m, Writer& w) { w.u8(m.radius); }
};
template <>
struct Body<GwInfo> {
  static GwInfo read(Reader& r) { return {r.u8(), r.bytes()}; }
  static void write(const GwInfo& m, Writer& w) { w.u8(m.gateway_id).all(m.gateway_address); }
};
template <>
struct Body<Connect> {
  static Connect read(Reader& r) {
    const uint8_t f = r.flags(kWill | kClean);
    if (r.u8() != kProtocolId) throw Failure{DecodeError::bad_protocol_id};
    Connect m{.will = (f & kWill) != 0, .clean_session = (f & kClean) != 0, .duration_s = r.u16()};
    if (r.empty() || r.left() > kMaxClientId) throw Failure{DecodeError::bad_field};
    m.client_id = r.text();
    return m;
  }
  static void write(const Connect& m, Writer& w) {
    if (m.client_id.empty() || m.client_id.size() > kMaxClientId)
      throw SimulationError(
          fmt::format("The MQTT-SN client id '{}' must have 1 to 23 characters.", m.client_id));
    w.u8(bit(m.will, kWill) | bit(m.clean_session, kClean))
        .u8(kProtocolId)
        .u16(m.duration_s)
        .all(m.client_id);
  }
};
template <>
struct Body<Connack> {
  static Connack read(Reader& r) { return {r.code()}; }
  static void write(const Connack& m, Writer& w) { w.u8(static_cast<unsigned>(m.code)); }
};
template <typename T>
struct EmptyBody {
  static T read(Reader&) { return {}; }
  static void write(const T&, Writer&) {}
};
template <>
struct Body<WillTopicReq> : EmptyBody<WillTopicReq> {};
template <>
struct Body<WillMsgReq> : EmptyBody<WillMsgReq> {};
template <>
struct Body<Pingresp> : EmptyBody<Pingresp> {};
template <>
struct Body<WillTopic> {
  // An empty WILLTOPIC, without flags, deletes the will (5.4.7).
  static WillTopic read(Reader& r) {
    if (r.empty()) return {};
    const uint8_t f = r.flags(kQosMask | kRetain);
    if (r.empty()) throw Failure{DecodeError::bad_field};
    return {.qos = qos_without_minus_one(f), .retain = (f & kRetain) != 0, .topic = r.text()};
  }
  static void write(const WillTopic& m, Writer& w) {
    if (!m.topic.empty()) w.u8(qos_bits(m.qos, 0) | bit(m.retain, kRetain)).all(m.topic);
  }
};
template <>
struct Body<WillMsg> {
  static WillMsg read(Reader& r) { return {r.bytes()}; }
  static void write(const WillMsg& m, Writer& w) { w.all(m.message); }
};
template <>
struct Body<Register> {
  static Register read(Reader& r) { return {r.u16(), r.u16(), r.text()}; }
  static void write(const Register& m, Writer& w) { w.u16(m.topic_id).u16(m.message_id).all(m.topic); }
};
template <typename T>
struct TopicAck {
  static T read(Reader& r) { return {r.u16(), r.u16(), r.code()}; }
  static void write(const T& m, Writer& w) {
    w.u16(m.topic_id).u16(m.message_id).u8(static_cast<unsigned>(m.code));
  }
};
template <>
struct Body<Regack> : TopicAck<Regack> {};
template <>
struct Body<Puback> : TopicAck<Puback> {};
template <>
struct Body<Publish> {
  static Publish read(Reader& r) {
    const uint8_t f = r.flags(kDup | kQosMask | kRetain | kTopicType);
    return {.dup = (f & kDup) != 0,
            .retain = (f & kRetain) != 0,
            .qos = qos_of(f),
            .topic_type = topic_type(f),
            .topic_id = r.u16(),
            .message_id = r.u16(),
            .data = r.bytes()};
  }
  static void write(const Publish& m, Writer& w) {
    w.u8(bit(m.dup, kDup) | qos_bits(m.qos, kQosMinusOne) | bit(m.retain, kRetain) |
         static_cast<unsigned>(m.topic_type));
    w.u16(m.topic_id).u16(m.message_id).all(m.data);
  }
};
template <typename T>
struct MessageIdOnly {
  static T read(Reader& r) { return {r.u16()}; }
  static void write(const T& m, Writer& w) { w.u16(m.message_id); }
};
template <>
struct Body<Pubrec> : MessageIdOnly<Pubrec> {};
template <>
struct Body<Pubrel> : MessageIdOnly<Pubrel> {};
template <>
struct Body<Pubcomp> : MessageIdOnly<Pubcomp> {};
template <>
struct Body<Unsuback> : MessageIdOnly<Unsuback> {};

template <typename T>
void read_topic(T& m, Reader& r) {
  if (m.topic_type == TopicIdType::normal) {
    if (r.empty()) throw Failure{DecodeError::bad_field};
    m.topic = r.text();
  } else {
    m.topic_id = r.u16();
  }
}
template <typename T>
void write_topic(const T& m, Writer& w) {
  if (m.topic_type != TopicIdType::normal) {
    w.u16(m.topic_id);
    return;
  }
  if (m.topic.empty()) throw SimulationError("An MQTT-SN subscription needs a topic name.");
  w.all(m.topic);
}
template <>
struct Body<Subscribe> {
  static Subscribe read(Reader& r) {
    const uint8_t f = r.flags(kDup | kQosMask | kTopicType);
    Subscribe m{.dup = (f & kDup) != 0,
                .qos = qos_without_minus_one(f),
                .topic_type = topic_type(f),
                .message_id = r.u16()};
    read_topic(m, r);
    return m;
  }
  static void write(const Subscribe& m, Writer& w) {
    w.u8(bit(m.dup, kDup) | qos_bits(m.qos, 0) | static_cast<unsigned>(m.topic_type)).u16(m.message_id);
    write_topic(m, w);
  }
};
template <>
struct Body<Unsubscribe> {
  static Unsubscribe read(Reader& r) {
    Unsubscribe m{.topic_type = topic_type(r.flags(kTopicType)), .message_id = r.u16()};
    read_topic(m, r);
    return m;
  }
  static void write(const Unsubscribe& m, Writer& w) {
    w.u8(static_cast<unsigned>(m.topic_type)).u16(m.message_id);
    write_topic(m, w);
  }
};
template <>
struct Body<Suback> {
  static Suback read(Reader& r) {
    return {.qos = qos_without_minus_one(r.flags(kQosMask)),
            .topic_id = r.u16(),
            .message_id = r.u16(),
            .code = r.code()};
  }
  static void write(const Suback& m, Writer& w) {
    w.u8(qos_bits(m.qos, 0)).u16(m.topic_id).u16(m.message_id).u8(static_cast<unsigned>(m.code));
  }
};
template <>
struct Body<Pingreq> {
  static Pingreq read(Reader& r) {
    if (r.left() > kMaxClientId) throw Failure{DecodeError::bad_field};
    return {r.text()};
  }
  static void write(const Pingreq& m, Writer& w) {
    if (m.client_id.size() > kMaxClientId)
      throw SimulationError(
          fmt::format("The MQTT-SN client id '{}' must have at most 23 characters.", m.client_id));
    w.all(m.client_id);
  }
};
template <>
struct Body<Disconnect> {
  static Disconnect read(Reader& r) {
    if (r.empty()) return {};
    return {.has_duration = true, .duration_s = r.u16()};
  }
  static void write(const Disconnect& m, Writer& w) {
    if (m.has_duration) w.u16(m.duration_s);
  }
};

template <size_t... I>
Message read_body(size_t index, Reader& r, std::index_sequence<I...>) {
  Message m;
  ((I == index ? void(m.emplace<I>(Body<std::variant_alternative_t<I, Message>>::read(r))) : void()), ...);
  return m;
}

Message decode_or_throw(std::span<const uint8_t> bytes) {
  Reader r(bytes);
  size_t length = r.u8();
  if (length == 1) length = r.u16();
  if (length != bytes.size()) throw Failure{DecodeError::bad_length};
  const uint8_t type = r.u8();
  for (size_t i = 0; i < kTypes.size(); ++i) {
    if (kTypes[i] != type) continue;
    Message m = read_body(i, r, std::make_index_sequence<std::variant_size_v<Message>>());
    if (!r.empty()) throw Failure{DecodeError::bad_length};
    return m;
  }
  throw Failure{DecodeError::unknown_type};
}

}  // namespace

std::string_view to_string(DecodeError error) {
  switch (error) {
    case DecodeError::none:
      return "no error";
    case DecodeError::too_short:
      return "too short for its message type";
    case DecodeError::bad_length:
      return "length field does not match the size";
    case DecodeError::unknown_type:
      return "unknown message type";
    case DecodeError::bad_flags:
      return "reserved flags set";
    case DecodeError::bad_return_code:
      return "reserved return code";
    case DecodeError::bad_protocol_id:
      return "unknown protocol id";
    case DecodeError::bad_field:
      return "field empty or too long";
  }
  return "?";
}

std::optional<Message> decode(std::span<const uint8_t> bytes, DecodeError* why) {
  DecodeError error = DecodeError::none;
  std::optional<Message> m;
  try {
    m = decode_or_throw(bytes);
  } catch (const Failure& f) {
    error = f.error;
  }
  if (why) *why = error;
  return m;
}

sim::Bytes encode(const Message& message) {
  Writer body;
  std::visit([&]<typename T>(const T& m) { Body<T>::write(m, body); }, message);
  const sim::Bytes b = body.take();
  const size_t size = b.size() + 2 <= 255 ? b.size() + 2 : b.size() + 4;
  if (size > kMaxSize)
    throw SimulationError(
        fmt::format("An MQTT-SN message of {} bytes cannot be sent: it has at most {}.", size, kMaxSize));
  Writer out;
  if (size <= 255)
    out.u8(static_cast<unsigned>(size));
  else
    out.u8(1).u16(static_cast<unsigned>(size));
  return out.u8(kTypes[message.index()]).all(b).take();
}

std::string_view name(const Message& message) { return kNames[message.index()]; }

}  // namespace xedgesim::net::mqttsn
