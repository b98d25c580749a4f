#include "clock.h"

#include <stdbool.h>

#include "cpu.h"
#include "nrf52840.h"

static volatile bool hfxo_running, lfxo_running;
static unsigned hfxo_users;

void power_clock_handler(void) {
  if (CLOCK->EVENTS_HFCLKSTARTED) {
    event_clear(&CLOCK->EVENTS_HFCLKSTARTED);
    hfxo_running = true;
  }
  if (CLOCK->EVENTS_LFCLKSTARTED) {
    event_clear(&CLOCK->EVENTS_LFCLKSTARTED);
    lfxo_running = true;
  }
}

void clock_init(void) {
  event_clear(&CLOCK->EVENTS_HFCLKSTARTED);
  event_clear(&CLOCK->EVENTS_LFCLKSTARTED);
  CLOCK->INTENSET = CLOCK_INT_HFCLKSTARTED | CLOCK_INT_LFCLKSTARTED;
  irq_enable(IRQ_POWER_CLOCK, PRIORITY_MISC);
  CLOCK->LFCLKSRC = CLOCK_LFCLKSRC_XTAL;
  CLOCK->TASKS_LFCLKSTART = 1;
  while (!lfxo_running) cpu_wait_for_event();
}

void clock_hfxo_request(void) {
  if (hfxo_users++ > 0) return;
  hfxo_running = false;
  CLOCK->TASKS_HFCLKSTART = 1;
  while (!hfxo_running) cpu_wait_for_event();
}

void clock_hfxo_release(void) {
  if (--hfxo_users == 0) CLOCK->TASKS_HFCLKSTOP = 1;
}
