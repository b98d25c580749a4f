#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "ml/vibration.h"

namespace xedgesim::ml {

constexpr int kVibrationFeatures = 16;

/// One second of one device as its report carries it, with the truth.
struct VibrationWindow {
  int device;
  WindowLabel truth;
  std::array<int16_t, kVibrationFeatures> features_q8;
};

/// A reproducible set of windows: devices "bearing_0"..., each looked at once a stride.
struct VibrationSet {
  uint64_t seed;
  int devices;
  int windows_per_device;
  Duration stride = Duration::s(7);
};

/// Samples at 1 kHz from the start of the window, as the firmware takes them.
std::vector<int16_t> vibration_codes(VibrationSignal& signal, SimTime start, int samples = 1000);

/// Every window of the set, by device and then time; features by firmware/common/features.c.
std::vector<VibrationWindow> vibration_windows(const VibrationSet& set);

}  // namespace xedgesim::ml
