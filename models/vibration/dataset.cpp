// vibration_dataset SEED DEVICES WINDOWS: writes a vibration set to standard output for train.py, one record
// a window of 19 little-endian int16: device, label, mixed (0 or 1), 16 features in Q8.8.
#include <cstdio>
#include <cstdlib>

#include "ml/vibration_windows.h"

using namespace xedgesim::ml;

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: vibration_dataset SEED DEVICES WINDOWS_PER_DEVICE > windows.bin\n", stderr);
    return 3;
  }
  const VibrationSet set{std::strtoull(argv[1], nullptr, 10), std::atoi(argv[2]), std::atoi(argv[3])};
  for (const VibrationWindow& w : vibration_windows(set)) {
    int16_t record[3 + kVibrationFeatures] = {static_cast<int16_t>(w.device),
                                              static_cast<int16_t>(w.truth.label),
                                              static_cast<int16_t>(w.truth.mixed)};
    for (int f = 0; f < kVibrationFeatures; ++f) record[3 + f] = w.features_q8[static_cast<size_t>(f)];
    for (int16_t v : record) {
      std::putchar(v & 0xff);
      std::putchar((v >> 8) & 0xff);
    }
  }
  return std::ferror(stdout) || std::fflush(stdout) != 0 ? 1 : 0;
}
