#include "ml/vibration_windows.h"

#include <string>

#include "firmware/common/features.h"

namespace xedgesim::ml {
namespace {
static_assert(kVibrationFeatures == FEATURE_COUNT);
constexpr Duration kSamplePeriod = Duration::ms(1);
}  // namespace

std::vector<int16_t> vibration_codes(VibrationSignal& signal, SimTime start, int samples) {
  std::vector<int16_t> codes(static_cast<size_t>(samples));
  for (int i = 0; i < samples; ++i)
    codes[static_cast<size_t>(i)] = adc_code(signal.volts(start + kSamplePeriod * i));
  return codes;
}

std::vector<VibrationWindow> vibration_windows(const VibrationSet& set) {
  std::vector<VibrationWindow> windows;
  for (int device = 0; device < set.devices; ++device) {
    VibrationSignal signal(set.seed, "bearing_" + std::to_string(device));
    for (int i = 0; i < set.windows_per_device; ++i) {
      const SimTime start = SimTime::at(set.stride * i);
      const std::vector<int16_t> codes = vibration_codes(signal, start);
      float features[FEATURE_COUNT];
      features_compute(codes.data(), codes.size(), 1000, features);
      VibrationWindow w{device, signal.label_of_window(start, start + Duration::s(1)), {}};
      for (size_t f = 0; f < FEATURE_COUNT; ++f) w.features_q8[f] = features_to_q8(features[f]);
      windows.push_back(w);
    }
  }
  return windows;
}

}  // namespace xedgesim::ml
