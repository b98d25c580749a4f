#pragma once
#include <cstdint>
#include <span>

#include "base/error.h"
#include "net/ieee802154/frame.h"
#include "net/mqttsn/codec.h"

/// One body a parser, shared by the libFuzzer targets and the test with random bytes: whatever is accepted is
/// written again and must be understood as the same.
namespace xedgesim::fuzz {

inline void ieee802154_frame(std::span<const uint8_t> bytes) {
  using namespace net::ieee802154;
  peek_destination(bytes);
  // A random FCS is nearly always wrong: also try the bytes with the right one.
  sim::Bytes fixed(bytes.begin(), bytes.end());
  if (fixed.size() >= 2) {
    const uint16_t f = fcs(std::span(fixed).first(fixed.size() - 2));
    fixed[fixed.size() - 2] = static_cast<uint8_t>(f);
    fixed[fixed.size() - 1] = static_cast<uint8_t>(f >> 8);
  }
  for (const auto psdu : {bytes, std::span<const uint8_t>(fixed)}) {
    ParseError why = ParseError::none;
    const auto frame = parse(psdu, &why);
    XEDGESIM_ASSERT(frame.has_value() == (why == ParseError::none));
    if (!frame || overhead_bytes(frame->header) + static_cast<int>(frame->payload.size()) > kMaxPsdu)
      continue;
    const sim::Bytes again = build(frame->header, frame->payload);
    const auto back = parse(again);
    XEDGESIM_ASSERT(back && back->header == frame->header);
    XEDGESIM_ASSERT(sim::Bytes(back->payload.begin(), back->payload.end()) ==
                    sim::Bytes(frame->payload.begin(), frame->payload.end()));
  }
}

inline void mqttsn_message(std::span<const uint8_t> bytes) {
  using namespace net::mqttsn;
  DecodeError why = DecodeError::none;
  const auto message = decode(bytes, &why);
  XEDGESIM_ASSERT(message.has_value() == (why == DecodeError::none));
  if (message) XEDGESIM_ASSERT(decode(encode(*message)) == message);
}

}  // namespace xedgesim::fuzz
