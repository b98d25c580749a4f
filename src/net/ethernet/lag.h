#pragma once
#include <vector>

#include "net/ethernet/acl.h"

namespace xedgesim::net::ethernet {

/// A static link aggregation group (IEEE 802.1AX without the protocol): several cables as one port. A
/// conversation keeps its cable as long as the same members are up.
struct Lag {
  std::vector<int> members;
};

/// Hash over addresses, and over IPv4 addresses and ports where there are any: values only.
uint32_t conversation_hash(const Header& header, std::span<const uint8_t> frame);

}  // namespace xedgesim::net::ethernet
