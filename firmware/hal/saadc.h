#ifndef XEDGESIM_HAL_SAADC_H
#define XEDGESIM_HAL_SAADC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Supply voltage in millivolts by a single conversion. Not while sampling. */
uint16_t saadc_supply_mv(void);

/* Continuous sampling of AIN0 (12 bits, full scale 3.0 V: reference 0.6 V, gain 1/5) into two buffers that
 * fill in turn: TIMER1 triggers each conversion and the end of a buffer starts the next, both through PPI,
 * and EasyDMA stores. The CPU is woken once a window, not once a sample. */
struct sampling_window {
  const int16_t* samples; /* valid until the next window ends */
  uint32_t index;         /* from 0 */
  uint64_t end_ticks;     /* systime of the last sample */
};

/* `buffers` hold 2 x `window` samples and belong to the sampler from now on; window <= 32767. The sample
 * period is rounded to a sixteenth of a microsecond. */
void sampling_start(uint32_t rate_hz, int16_t* buffers, size_t window);

/* Sleeps until a window ends that was not handed out before. When several have, the latest one is returned: a
 * gap in `index` tells the caller how many were lost. */
void sampling_wait(struct sampling_window* out);

#endif
