#pragma once
#include <optional>

#include "base/time.h"

namespace xedgesim::bus {

/// What is connected to a chip's analog pins: a sensor feed.
class AnalogSource {
 public:
  virtual ~AnalogSource() = default;
  /// Volts between analog input `ain` and ground at `t`. Times of successive calls for one input never go
  /// back.
  virtual double volts(unsigned ain, SimTime t) = 0;
  /// Volts of the chip's supply at `t`; none: the platform's constant one.
  virtual std::optional<double> supply_volts(SimTime) { return std::nullopt; }
};

}  // namespace xedgesim::bus
