#ifndef XEDGESIM_COMMON_WINDOW_PLAN_H
#define XEDGESIM_COMMON_WINDOW_PLAN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a report interval is cut into sampling windows. One window a report, unless it would be longer than the
 * features look at: then the interval is cut into equal windows and the last one is reported. What does not
 * divide evenly makes the interval shorter by less than one sample a window; an interval of less than a
 * sample is one sample long. */
struct window_plan {
  uint32_t samples; /* a window, 1..FEATURES_MAX_SAMPLES */
  uint32_t windows_per_report;
};

struct window_plan plan_windows(uint32_t rate_hz, uint32_t interval_ms);

#ifdef __cplusplus
}
#endif

#endif
