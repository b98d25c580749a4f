#include "net/ieee802154/frame.h"

#include <fmt/format.h>

#include <array>

#include "base/error.h"

namespace xedgesim::net::ieee802154 {
namespace {

constexpr size_t kAckBytes = 5;

constexpr std::array<uint16_t, 256> make_fcs_table() {
  std::array<uint16_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) {
    unsigned crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0x8408u : crc >> 1;
    table[i] = static_cast<uint16_t>(crc);
  }
  return table;
}
constexpr auto kFcsTable = make_fcs_table();

// Little-endian fields; `ok` falls when one would reach beyond the end.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  uint64_t get(size_t n) {
    if (bytes_.size() - at_ < n) {
      ok_ = false;
      at_ = bytes_.size();
      return 0;
    }
    uint64_t v = 0;
    for (size_t i = 0; i < n; ++i) v |= uint64_t{bytes_[at_ + i]} << (8 * i);
    at_ += n;
    return v;
  }
  bool ok() const { return ok_; }
  std::span<const uint8_t> rest() const { return bytes_.subspan(at_); }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

void put(sim::Bytes& out, uint64_t v, int n) {
  for (int i = 0; i < n; ++i) out.push_back(static_cast<uint8_t>(v >> (8 * i)));
}

int bytes_of(AddressMode mode) {
  return mode == AddressMode::none ? 0 : mode == AddressMode::extended ? 8 : 2;
}

bool compressed(const Header& h) {
  return h.destination.mode != AddressMode::none && h.source.mode != AddressMode::none &&
         h.destination.pan_id == h.source.pan_id;
}

void append_fcs(sim::Bytes& out) { put(out, fcs(out), 2); }

ParseError parse_into(std::span<const uint8_t> psdu, Frame& frame) {
  if (psdu.size() < kAckBytes) return ParseError::too_short;
  if (psdu.size() > kMaxPsdu) return ParseError::too_long;
  if (!fcs_ok(psdu)) return ParseError::bad_fcs;
  Reader in(psdu.first(psdu.size() - kFcsBytes));
  const auto control = static_cast<unsigned>(in.get(2));
  Header& h = frame.header;
  if ((control & 7) > 3) return ParseError::reserved_type;
  h.type = static_cast<FrameType>(control & 7);
  h.version = control >> 12 & 3;
  if (h.version > 1) return ParseError::unsupported_version;
  if (control & 1 << 3) return ParseError::secured;
  h.frame_pending = control & 1 << 4;
  h.ack_request = control & 1 << 5;
  const bool compression = control & 1 << 6;
  const unsigned destination = control >> 10 & 3, source = control >> 14 & 3;
  if (destination == 1 || source == 1) return ParseError::reserved_address_mode;
  h.sequence = static_cast<uint8_t>(in.get(1));
  if (h.type == FrameType::ack)
    return psdu.size() == kAckBytes && !destination && !source && !compression
               ? ParseError::none
               : ParseError::bad_acknowledgement;
  if (compression && !(destination && source)) return ParseError::bad_pan_compression;
  // A data or command frame names one end at least, a beacon its source only (7.2.2.1 to 7.2.2.4).
  if (h.type == FrameType::beacon ? !source || destination : !source && !destination)
    return ParseError::missing_address;
  h.destination.mode = static_cast<AddressMode>(destination);
  h.source.mode = static_cast<AddressMode>(source);
  if (destination) {
    h.destination.pan_id = static_cast<uint16_t>(in.get(2));
    h.destination.value = in.get(static_cast<size_t>(bytes_of(h.destination.mode)));
  }
  if (source) {
    h.source.pan_id = compression ? h.destination.pan_id : static_cast<uint16_t>(in.get(2));
    h.source.value = in.get(static_cast<size_t>(bytes_of(h.source.mode)));
  }
  if (!in.ok()) return ParseError::too_short;
  frame.payload = in.rest();
  return ParseError::none;
}

}  // namespace

std::string_view to_string(ParseError error) {
  switch (error) {
    case ParseError::none:
      return "no error";
    case ParseError::too_short:
      return "too short";
    case ParseError::too_long:
      return "longer than 127 bytes";
    case ParseError::bad_fcs:
      return "wrong FCS";
    case ParseError::reserved_type:
      return "reserved frame type";
    case ParseError::unsupported_version:
      return "unsupported frame version";
    case ParseError::secured:
      return "secured frame";
    case ParseError::reserved_address_mode:
      return "reserved addressing mode";
    case ParseError::bad_pan_compression:
      return "PAN id compression without two addresses";
    case ParseError::bad_acknowledgement:
      return "malformed acknowledgement";
    case ParseError::missing_address:
      return "address missing or not allowed";
  }
  return "?";
}

uint16_t fcs(std::span<const uint8_t> bytes) {
  uint16_t crc = 0;
  for (uint8_t b : bytes) crc = static_cast<uint16_t>(crc >> 8 ^ kFcsTable[(crc ^ b) & 0xff]);
  return crc;
}

bool fcs_ok(std::span<const uint8_t> psdu) {
  if (psdu.size() < kFcsBytes) return false;
  const size_t n = psdu.size() - kFcsBytes;
  return fcs(psdu.first(n)) == (psdu[n] | psdu[n + 1] << 8);
}

std::optional<Frame> parse(std::span<const uint8_t> psdu, ParseError* why) {
  Frame frame;
  const ParseError error = parse_into(psdu, frame);
  if (why) *why = error;
  if (error != ParseError::none) return std::nullopt;
  return frame;
}

int overhead_bytes(const Header& h) {
  const int pans = (h.destination.mode != AddressMode::none ? 2 : 0) +
                   (h.source.mode != AddressMode::none && !compressed(h) ? 2 : 0);
  return 3 + pans + bytes_of(h.destination.mode) + bytes_of(h.source.mode) + kFcsBytes;
}

sim::Bytes build(const Header& h, std::span<const uint8_t> payload) {
  const size_t size = static_cast<size_t>(overhead_bytes(h)) + payload.size();
  if (size > kMaxPsdu)
    throw SimulationError(fmt::format(
        "An 802.15.4 frame of {} bytes cannot be sent: it has at most {}, so shorten the payload by {}.",
        size, kMaxPsdu, size - kMaxPsdu));
  const bool addressed = h.destination.mode != AddressMode::none || h.source.mode != AddressMode::none;
  if (h.type == FrameType::ack && (addressed || !payload.empty()))
    throw SimulationError("An 802.15.4 acknowledgement has neither addresses nor a payload.");
  for (const Address* a : {&h.destination, &h.source})
    if (a->mode == AddressMode::short_address && a->value > 0xffff)
      throw SimulationError(fmt::format("{:#x} is not a short 802.15.4 address: it has 16 bits.", a->value));
  const unsigned control = static_cast<unsigned>(h.type) | unsigned{h.frame_pending} << 4 |
                           unsigned{h.ack_request} << 5 | unsigned{compressed(h)} << 6 |
                           static_cast<unsigned>(h.destination.mode) << 10 | (h.version & 3u) << 12 |
                           static_cast<unsigned>(h.source.mode) << 14;
  sim::Bytes out;
  out.reserve(size);
  put(out, control, 2);
  out.push_back(h.sequence);
  if (h.destination.mode != AddressMode::none) {
    put(out, h.destination.pan_id, 2);
    put(out, h.destination.value, bytes_of(h.destination.mode));
  }
  if (h.source.mode != AddressMode::none) {
    if (!compressed(h)) put(out, h.source.pan_id, 2);
    put(out, h.source.value, bytes_of(h.source.mode));
  }
  out.insert(out.end(), payload.begin(), payload.end());
  append_fcs(out);
  return out;
}

sim::Bytes build_ack(uint8_t sequence, bool frame_pending) {
  return build(Header{.type = FrameType::ack, .frame_pending = frame_pending, .sequence = sequence}, {});
}

Destination peek_destination(std::span<const uint8_t> psdu) {
  using Kind = Destination::Kind;
  if (psdu.size() < kAckBytes) return {};
  if ((psdu[0] & 7) == 2) return {.kind = Kind::acknowledgement};
  const unsigned mode = psdu[1] >> 2 & 3;
  if (mode == 0) return {.kind = Kind::everybody};
  if (mode != 2 || psdu.size() < 7) return {};
  const unsigned pan = psdu[3] | psdu[4] << 8, address = psdu[5] | psdu[6] << 8;
  if (address == kBroadcast || pan == kBroadcast) return {.kind = Kind::everybody};
  return {.kind = Kind::one, .address = pan << 16 | address};
}

}  // namespace xedgesim::net::ieee802154
