#include "board.h"

#include "clock.h"
#include "console.h"
#include "gpio.h"
#include "nrf52840.h"
#include "systime.h"

static uint32_t reset_reason;

void board_init(void) {
  reset_reason = CLOCK->RESETREAS;
  CLOCK->RESETREAS = reset_reason; /* sticky; ones clear */
  CLOCK->DCDCEN = 1;               /* the board has the inductor: about a third less current than the LDO */
  NVMC->ICACHECNF = NVMC_ICACHE_ENABLE; /* off after reset; spares most flash wait states and reads */
  for (unsigned led = BOARD_LED1; led <= BOARD_LED4; led++) gpio_output(led, true);
  clock_init();
  console_init(BOARD_UART_TX);
  systime_init();
}

void board_led(enum board_pin led, bool on) { gpio_write(led, !on); }

uint32_t board_reset_reason(void) { return reset_reason; }
