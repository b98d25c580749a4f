/* Says who it is, then counts seconds and blinks LED1. */
#include "hal/board.h"
#include "hal/console.h"
#include "hal/device_info.h"
#include "hal/systime.h"

int main(void) {
  board_init();
  struct settings settings;
  device_settings(&settings);
  console_printf("xedgesim hello on nRF52840\n");
  console_printf("build %08lx address 0x%04x (%s) reset 0x%lx\n", device_build_id(), settings.address,
                 settings.from_uicr ? "UICR" : "FICR", board_reset_reason());

  uint64_t next = systime_ticks();
  for (uint32_t count = 0;; count++) {
    board_led(BOARD_LED1, count % 2 == 0);
    console_printf("count %lu at %lu ms\n", count, systime_ms());
    next += SYSTIME_HZ;
    systime_sleep_until(next);
  }
}
