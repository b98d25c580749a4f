#pragma once
#include <cstdint>
#include <span>

#include "sim/event.h"

/// Numbers in network byte order.
namespace xedgesim::net::ethernet {

inline void append_number(sim::Bytes& out, uint64_t v, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<uint8_t>(v >> (8 * i)));
}

/// The caller has checked that they are there.
inline uint64_t number_at(std::span<const uint8_t> b, size_t at, int bytes) {
  uint64_t v = 0;
  for (int i = 0; i < bytes; ++i) v = v << 8 | b[at + static_cast<size_t>(i)];
  return v;
}

}  // namespace xedgesim::net::ethernet
