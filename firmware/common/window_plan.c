#include "common/window_plan.h"

#include "common/features.h"

struct window_plan plan_windows(uint32_t rate_hz, uint32_t interval_ms) {
  uint64_t total = (uint64_t)rate_hz * interval_ms / 1000;
  if (total == 0) total = 1;
  uint32_t windows = (uint32_t)((total + FEATURES_MAX_SAMPLES - 1) / FEATURES_MAX_SAMPLES);
  return (struct window_plan){.samples = (uint32_t)(total / windows), .windows_per_report = windows};
}
