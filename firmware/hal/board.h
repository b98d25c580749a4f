#ifndef XEDGESIM_HAL_BOARD_H
#define XEDGESIM_HAL_BOARD_H

#include <stdbool.h>
#include <stdint.h>

/* nRF52840-DK (PCA10056). */
enum board_pin {
  BOARD_LED1 = 13, /* LEDs light when driven low */
  BOARD_LED2 = 14,
  BOARD_LED3 = 15,
  BOARD_LED4 = 16,
  BOARD_UART_TX = 6, /* to the interface chip's virtual COM port */
  BOARD_AIN0 = 2,
};

/* LEDs off, DC/DC converter and instruction cache on, low-frequency clock, time and console running. First
 * call of every main(). */
void board_init(void);

void board_led(enum board_pin led, bool on);

/* Why the chip started (POWER.RESETREAS before board_init() cleared it); 0 is power-on. */
uint32_t board_reset_reason(void);

#endif
