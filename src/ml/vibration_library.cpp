#include "ml/vibration_library.h"

#include <algorithm>
#include <string>

#include "firmware/common/features.h"

namespace xedgesim::ml {
namespace {

constexpr size_t kWindowsPerState = 32;
constexpr int kWindowsPerMachine = 16;
constexpr Duration kStride = Duration::s(31);

}  // namespace

VibrationLibrary::VibrationLibrary(uint64_t seed, int64_t rate_hz, int samples) {
  const auto full = [](const auto& w) { return w.size() >= kWindowsPerState; };
  std::vector<int16_t> codes(static_cast<size_t>(samples));
  for (int machine = 0; !std::all_of(windows_.begin(), windows_.end(), full); ++machine) {
    VibrationSignal signal(seed, "library_" + std::to_string(machine));
    for (int i = 0; i < kWindowsPerMachine; ++i) {
      const SimTime start = SimTime::at(kStride * i);
      const auto at = [&](int sample) {
        return start + Duration::ns(int64_t{sample} * 1'000'000'000 / rate_hz);
      };
      const WindowLabel truth = signal.label_of_window(start, at(samples));
      auto& windows = windows_[static_cast<size_t>(truth.label)];
      if (truth.mixed || full(windows)) continue;
      for (int s = 0; s < samples; ++s) codes[static_cast<size_t>(s)] = adc_code(signal.volts(at(s)));
      float features[FEATURE_COUNT];
      features_compute(codes.data(), codes.size(), static_cast<uint32_t>(rate_hz), features);
      auto& window = windows.emplace_back();
      for (size_t f = 0; f < FEATURE_COUNT; ++f) window[f] = features_to_q8(features[f]);
    }
  }
}

}  // namespace xedgesim::ml
