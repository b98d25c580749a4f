#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "net/mqttsn/messages.h"

namespace xedgesim::net::mqttsn {

enum class DecodeError : uint8_t {
  none,
  too_short,
  bad_length,
  unknown_type,
  bad_flags,
  bad_return_code,
  bad_protocol_id,
  bad_field,
};
std::string_view to_string(DecodeError error);

/// Reads exactly one message that fills `bytes`. Strict: the length field must equal the size (the three-byte
/// form is accepted for short messages too, as 5.2.1 allows), fixed-size messages have exactly their size,
/// reserved flag values and return codes are errors.
std::optional<Message> decode(std::span<const uint8_t> bytes, DecodeError* why = nullptr);

/// Inverse of decode; the length takes one byte up to 255 bytes in all, three beyond. Throws SimulationError
/// when a field does not fit (client id of 0 or more than 23 characters, more than 65535 bytes, QoS out of
/// range).
sim::Bytes encode(const Message& message);

/// Name of the message as in the specification: "PUBLISH".
std::string_view name(const Message& message);

}  // namespace xedgesim::net::mqttsn
