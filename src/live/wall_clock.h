#pragma once
#include "base/time.h"

namespace xedgesim::live {

/// The host's monotonic clock, from zero at its making: what simulation time is held to.
class WallClock {
 public:
  WallClock();
  SimTime now() const;

 private:
  int64_t begun_ns_;
};

}  // namespace xedgesim::live
