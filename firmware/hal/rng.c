#include "rng.h"

#include "cpu.h"
#include "nrf52840.h"

enum { BYTES = 4 };

static volatile uint32_t bits;
static volatile unsigned missing;

void rng_handler(void) {
  event_clear(&RNG->EVENTS_VALRDY);
  if (missing == 0) return;
  bits = bits << 8 | (RNG->VALUE & 0xFF);
  if (--missing == 0) RNG->TASKS_STOP = 1;
}

uint32_t rng_bits(void) {
  RNG->CONFIG = RNG_CONFIG_DERCEN;
  missing = BYTES;
  event_clear(&RNG->EVENTS_VALRDY);
  irq_enable(IRQ_RNG, PRIORITY_MISC);
  RNG->INTENSET = RNG_INT_VALRDY;
  RNG->TASKS_START = 1;
  while (missing > 0) cpu_wait_for_event();
  RNG->INTENCLR = RNG_INT_VALRDY;
  return bits;
}
