#pragma once
#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace xedgesim::net::ethernet {

/// How much flooded traffic a port takes in; bits a second, 0: no limit.
struct StormLimits {
  int64_t broadcast_bps = 0, multicast_bps = 0, unknown_bps = 0;
  int64_t burst_bytes = 16'000;
};

/// One bucket a kind of traffic.
class StormBucket {
 public:
  /// False when the frame is too much.
  bool take(int64_t rate_bps, int64_t burst_bytes, int64_t bytes, SimTime now) {
    if (rate_bps == 0) return true;
    if (!begun_) credit_ = static_cast<double>(burst_bytes);
    begun_ = true;
    credit_ = std::min(static_cast<double>(burst_bytes),
                       credit_ + (now - since_).count_s() * static_cast<double>(rate_bps) / 8);
    since_ = now;
    if (credit_ < static_cast<double>(bytes)) return false;
    credit_ -= static_cast<double>(bytes);
    return true;
  }

 private:
  double credit_ = 0;
  SimTime since_;
  bool begun_ = false;
};

}  // namespace xedgesim::net::ethernet
