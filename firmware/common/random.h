#ifndef XEDGESIM_COMMON_RANDOM_H
#define XEDGESIM_COMMON_RANDOM_H

#include <stdint.h>

/* xorshift32 (Marsaglia 2003): seeded once from the RNG peripheral, it spares the 0.1 ms that each backoff
 * would wait for fresh bytes. `state` is never zero. */
static inline uint32_t random_next(uint32_t* state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  *state = x;
  return x;
}

#endif
