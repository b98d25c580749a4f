#ifndef XEDGESIM_HAL_GPIO_H
#define XEDGESIM_HAL_GPIO_H

#include <stdbool.h>
#include <stdint.h>

#include "nrf52840.h"

/* Pins of port 0. */

static inline void gpio_write(unsigned pin, bool high) {
  if (high)
    P0->OUTSET = 1u << pin;
  else
    P0->OUTCLR = 1u << pin;
}

/* Drives `pin` with the given first level; there is no glitch in between. */
static inline void gpio_output(unsigned pin, bool high) {
  gpio_write(pin, high);
  P0->PIN_CNF[pin] = GPIO_CNF_OUTPUT;
}

#endif
