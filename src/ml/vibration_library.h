#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "ml/vibration_windows.h"

namespace xedgesim::ml {

/// Feature vectors for nodes that are not emulated: windows of the vibration generator, sampled and condensed
/// by the firmware's own code, sorted by the bearing's state. A fleet of thousands draws from it in place of
/// computing a thousand samples a report each.
///
/// Limits: 32 windows a state, of many machines, so that a node's machine is another one in each report;
/// windows that span two states are drawn as pure ones.
class VibrationLibrary {
 public:
  /// Takes about 0.1 s. `samples` at `rate_hz` a window, 1 to 1024 (what the features look at).
  VibrationLibrary(uint64_t seed, int64_t rate_hz, int samples);

  /// One of the windows in that state; all `draw` numbers are as likely.
  std::span<const int16_t, kVibrationFeatures> window(Label state, uint32_t draw) const {
    const auto& windows = windows_[static_cast<size_t>(state)];
    return windows[draw % windows.size()];
  }

 private:
  std::array<std::vector<std::array<int16_t, kVibrationFeatures>>, kLabelCount> windows_;
};

}  // namespace xedgesim::ml
