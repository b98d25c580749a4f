#pragma once
#include <cstdint>
#include <string>
#include <variant>

#include "sim/event.h"

/// The messages of MQTT-SN 1.2 (clause 5.4), one struct each. Encapsulated forwarding (0xFE) is not among
/// them.
namespace xedgesim::net::mqttsn {

enum class TopicIdType : uint8_t { normal = 0, predefined = 1, short_name = 2 };
enum class ReturnCode : uint8_t { accepted = 0, congestion = 1, invalid_topic_id = 2, not_supported = 3 };
constexpr int kQosMinusOne = -1;  ///< PUBLISH without a connection, to a predefined or short topic

struct Advertise {
  uint8_t gateway_id = 0;
  uint16_t duration_s = 0;
  bool operator==(const Advertise&) const = default;
};
struct SearchGw {
  uint8_t radius = 0;
  bool operator==(const SearchGw&) const = default;
};
struct GwInfo {
  uint8_t gateway_id = 0;
  sim::Bytes gateway_address{};
  bool operator==(const GwInfo&) const = default;
};
struct Connect {
  bool will = false, clean_session = true;
  uint16_t duration_s = 0;
  std::string client_id{};  ///< 1..23 characters
  bool operator==(const Connect&) const = default;
};
struct Connack {
  ReturnCode code = ReturnCode::accepted;
  bool operator==(const Connack&) const = default;
};
struct WillTopicReq {
  bool operator==(const WillTopicReq&) const = default;
};
struct WillTopic {
  int qos = 0;
  bool retain = false;
  std::string topic{};
  bool operator==(const WillTopic&) const = default;
};
struct WillMsgReq {
  bool operator==(const WillMsgReq&) const = default;
};
struct WillMsg {
  sim::Bytes message{};
  bool operator==(const WillMsg&) const = default;
};
struct Register {
  uint16_t topic_id = 0;  ///< 0 from a client
  uint16_t message_id = 0;
  std::string topic{};
  bool operator==(const Register&) const = default;
};
struct Regack {
  uint16_t topic_id = 0, message_id = 0;
  ReturnCode code = ReturnCode::accepted;
  bool operator==(const Regack&) const = default;
};
struct Publish {
  bool dup = false, retain = false;
  int qos = 0;  ///< -1, 0, 1 or 2
  TopicIdType topic_type = TopicIdType::normal;
  uint16_t topic_id = 0;    ///< a short name is its two characters, first one in the high byte
  uint16_t message_id = 0;  ///< 0 for QoS 0 and -1
  sim::Bytes data{};
  bool operator==(const Publish&) const = default;
};
struct Puback {
  uint16_t topic_id = 0, message_id = 0;
  ReturnCode code = ReturnCode::accepted;
  bool operator==(const Puback&) const = default;
};
struct Pubrec {
  uint16_t message_id = 0;
  bool operator==(const Pubrec&) const = default;
};
struct Pubrel {
  uint16_t message_id = 0;
  bool operator==(const Pubrel&) const = default;
};
struct Pubcomp {
  uint16_t message_id = 0;
  bool operator==(const Pubcomp&) const = default;
};
struct Subscribe {
  bool dup = false;
  int qos = 0;
  TopicIdType topic_type = TopicIdType::normal;  ///< normal: `topic` is the name; else `topic_id`
  uint16_t message_id = 0;
  std::string topic{};
  uint16_t topic_id = 0;
  bool operator==(const Subscribe&) const = default;
};
struct Suback {
  int qos = 0;
  uint16_t topic_id = 0, message_id = 0;
  ReturnCode code = ReturnCode::accepted;
  bool operator==(const Suback&) const = default;
};
struct Unsubscribe {
  TopicIdType topic_type = TopicIdType::normal;
  uint16_t message_id = 0;
  std::string topic{};
  uint16_t topic_id = 0;
  bool operator==(const Unsubscribe&) const = default;
};
struct Unsuback {
  uint16_t message_id = 0;
  bool operator==(const Unsuback&) const = default;
};
struct Pingreq {
  std::string client_id{};
  bool operator==(const Pingreq&) const = default;
};  ///< id optional
struct Pingresp {
  bool operator==(const Pingresp&) const = default;
};
struct Disconnect {
  bool has_duration = false;
  uint16_t duration_s = 0;  ///< sleep time, when has_duration
  bool operator==(const Disconnect&) const = default;
};

using Message = std::variant<Advertise, SearchGw, GwInfo, Connect, Connack, WillTopicReq, WillTopic,
                             WillMsgReq, WillMsg, Register, Regack, Publish, Puback, Pubrec, Pubrel, Pubcomp,
                             Subscribe, Suback, Unsubscribe, Unsuback, Pingreq, Pingresp, Disconnect>;

}  // namespace xedgesim::net::mqttsn
