#ifndef XEDGESIM_VIB_SENSOR_WINDOW_PLAN_H
#define XEDGESIM_VIB_SENSOR_WINDOW_PLAN_H

#include <stdint.h>

#include "common/features.h"

/* How a report interval is cut into sampling windows. One window a report, unless it would be longer than the
 * features look at: then the interval is cut into equal windows and the last one is reported. */
struct window_plan {
  uint32_t samples; /* a window, 1..FEATURES_MAX_SAMPLES */
  uint32_t windows_per_report;
};

static inline struct window_plan window_plan(uint32_t rate_hz, uint32_t interval_ms) {
  uint64_t total = (uint64_t)rate_hz * interval_ms / 1000;
  if (total == 0) total = 1;
  uint32_t windows = (uint32_t)((total + FEATURES_MAX_SAMPLES - 1) / FEATURES_MAX_SAMPLES);
  return (struct window_plan){.samples = (uint32_t)(total / windows), .windows_per_report = windows};
}

#endif
