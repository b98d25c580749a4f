#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace xedgesim::scenario {

/// Packets one model node sends to another.
struct TrafficFlow {
  enum class Type { udp, ping };
  enum class Pattern { constant, poisson, bursty };
  std::string id;  ///< absent: FROM_to_TO, or FROM_to_TO_2 and so on
  std::string to;  ///< node id
  Type type = Type::udp;
  Pattern pattern = Pattern::constant;
  std::optional<int64_t> rate;       ///< bits a second, Ethernet header included
  std::optional<Duration> interval;  ///< instead of the rate
  int64_t size = 1000;               ///< bytes of a frame, without VLAN tag
  Duration on = Duration::ms(100);   ///< bursty
  Duration off = Duration::ms(900);  ///< bursty
  Duration start;
  std::optional<Duration> stop;  ///< absent: end of the run
  int64_t priority = 0;          ///< 802.1p, for nodes that send tagged frames
  int64_t dscp = 0;
  bool operator==(const TrafficFlow&) const = default;
};

}  // namespace xedgesim::scenario
