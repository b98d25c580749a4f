#ifndef XEDGESIM_HAL_SYSTIME_H
#define XEDGESIM_HAL_SYSTIME_H

#include <stdint.h>

/* Time since systime_init() by RTC1 on the 32.768 kHz crystal, kept while the chip sleeps. One tick is 30.5
 * us. */
enum { SYSTIME_HZ = 32768 };

/* The low-frequency clock must run. */
void systime_init(void);

uint64_t systime_ticks(void);
uint32_t systime_ms(void); /* wraps after 49 days */

/* Sleep in thread mode; other interrupts are served meanwhile. */
void systime_sleep_until(uint64_t ticks);
void systime_sleep_ms(uint32_t ms);

static inline uint64_t systime_from_ms(uint32_t ms) { return ((uint64_t)ms * SYSTIME_HZ + 999) / 1000; }

/* For waits with a time limit: makes the CPU leave a wait-for-event no later than at `ticks`. */
void systime_wake_at(uint64_t ticks);

#endif
