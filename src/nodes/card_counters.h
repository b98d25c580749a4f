#pragma once
#include <cstdint>

namespace xedgesim::nodes {

/// Frames of one network card of a machine.
struct CardCounters {
  uint64_t frames_in = 0, frames_out = 0, bytes_in = 0, bytes_out = 0;
  uint64_t frames_missed = 0;  ///< arrived while the machine was off or paused, or faster than it took them
};

}  // namespace xedgesim::nodes
