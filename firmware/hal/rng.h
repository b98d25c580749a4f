#ifndef XEDGESIM_HAL_RNG_H
#define XEDGESIM_HAL_RNG_H

#include <stdint.h>

/* 32 bits from the noise source with bias correction; takes about half a millisecond, asleep. */
uint32_t rng_bits(void);

#endif
