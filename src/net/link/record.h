#pragma once
#include <string_view>

#include "net/link/message.h"

namespace xedgesim::net {

/// Which direction: from end a to end b or back.
enum class Direction : uint8_t { a_to_b = 0, b_to_a = 1 };

enum class DropReason : uint8_t { loss, queue_full, down, early, delay, too_large, corrupted };
std::string_view to_string(DropReason reason);

/// A packet in a link: a Message (kMessageCode) or an Ethernet frame (kFrameCode; then from and to are
/// nobody).
struct LinkRecord {
  SimTime time{};  ///< of the happening
  Direction direction = Direction::a_to_b;
  Message message{};
  SimTime entered{};  ///< when the packet was handed to the link
  uint32_t code = kMessageCode;
  int64_t priority = 0;  ///< 0: read it from the packet; else 1 more than its 802.1p priority
  uint64_t number = 0;   ///< counts the packets of the link; a duplicate has its original's

  int64_t size() const { return message.bytes ? static_cast<int64_t>(message.bytes->size()) : 0; }
};

}  // namespace xedgesim::net
