#ifndef XEDGESIM_HAL_CLOCK_H
#define XEDGESIM_HAL_CLOCK_H

/* Starts the 32.768 kHz crystal oscillator; returns once it runs (a quarter of a second on the board,
 * asleep). */
void clock_init(void);

/* The 32 MHz crystal, which the radio needs; the chip's own RC oscillator serves everything else. request
 * returns once it is stable (about 0.4 ms, asleep). Requests nest. Thread mode only. */
void clock_hfxo_request(void);
void clock_hfxo_release(void);

#endif
