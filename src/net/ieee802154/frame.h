#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sim/event.h"

/// MAC frames of IEEE 802.15.4-2006 (frame versions 0 and 1), clause 7.2; unsecured. Frames of version 2
/// (2015, information elements, sequence number suppression) and secured ones are told apart and refused.
namespace xedgesim::net::ieee802154 {

enum class FrameType : uint8_t { beacon = 0, data = 1, ack = 2, command = 3 };
enum class AddressMode : uint8_t { none = 0, short_address = 2, extended = 3 };

constexpr uint16_t kBroadcast = 0xffff;
constexpr int kFcsBytes = 2;
constexpr int kMaxPsdu = 127;

struct Address {
  AddressMode mode = AddressMode::none;
  uint16_t pan_id = 0;
  uint64_t value = 0;  ///< 16 or 64 bits
  bool operator==(const Address&) const = default;
  static Address none() { return {}; }
  static Address make_short(uint16_t pan, uint16_t a) { return {AddressMode::short_address, pan, a}; }
  static Address make_extended(uint16_t pan, uint64_t a) { return {AddressMode::extended, pan, a}; }
};

/// The MAC header. The PAN id of the source is left out on the air when both addresses are there and their
/// PAN ids are equal (PAN id compression).
struct Header {
  FrameType type = FrameType::data;
  bool frame_pending = false;
  bool ack_request = false;
  uint8_t version = 0;  ///< 0 (2003) or 1 (2006)
  uint8_t sequence = 0;
  Address destination{}, source{};
  bool operator==(const Header&) const = default;
};

struct Frame {
  Header header;
  std::span<const uint8_t> payload;  ///< into the parsed bytes
};

enum class ParseError : uint8_t {
  none,
  too_short,
  too_long,
  bad_fcs,
  reserved_type,
  unsupported_version,
  secured,
  reserved_address_mode,
  bad_pan_compression,
  bad_acknowledgement,
  missing_address,
};
std::string_view to_string(ParseError error);

/// Reads a PSDU (FCS included, 5..127 bytes). Every byte is accounted for: nothing is read beyond the end,
/// reserved values are errors. The FCS is checked first.
std::optional<Frame> parse(std::span<const uint8_t> psdu, ParseError* why = nullptr);

/// Header, payload and FCS. Throws SimulationError when the frame would not fit in 127 bytes, an
/// acknowledgement has addresses or a payload, or a short address does not fit 16 bits.
sim::Bytes build(const Header& header, std::span<const uint8_t> payload);

/// The immediate acknowledgement of `sequence`: 5 bytes.
sim::Bytes build_ack(uint8_t sequence, bool frame_pending = false);

/// Bytes of header + FCS around a payload.
int overhead_bytes(const Header& header);

/// FCS of clause 7.2.1.9: CRC-16 x^16+x^12+x^5+1, bits in order of transmission, initial value 0.
uint16_t fcs(std::span<const uint8_t> bytes);
/// The last two bytes are the FCS of those before.
bool fcs_ok(std::span<const uint8_t> psdu);

/// What a filter in hardware looks at, without the FCS and without refusing anything.
struct Destination {
  enum class Kind : uint8_t { unknown, acknowledgement, everybody, one } kind = Kind::unknown;
  uint32_t address = 0;  ///< pan_id << 16 | short address, of `one`
};
Destination peek_destination(std::span<const uint8_t> psdu);

}  // namespace xedgesim::net::ieee802154
