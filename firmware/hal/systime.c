#include "systime.h"

#include "cpu.h"
#include "nrf52840.h"

enum {
  COUNTER_BITS = 24,
  COUNTER_MASK = (1 << COUNTER_BITS) - 1,
  /* A compare value closer than two ticks ahead of the counter may be missed (RTC chapter, COMPARE). */
  COMPARE_MARGIN = 3,
  /* Sleep in hops that the 24-bit compare can tell from the past. */
  LONGEST_HOP = 1 << (COUNTER_BITS - 1),
};

static volatile uint32_t overflows;

void rtc1_handler(void) {
  if (RTC1->EVENTS_OVRFLW) {
    event_clear(&RTC1->EVENTS_OVRFLW);
    overflows++;
  }
  /* The compare only ends a sleep. */
  if (RTC1->EVENTS_COMPARE[0]) event_clear(&RTC1->EVENTS_COMPARE[0]);
}

void systime_init(void) {
  RTC1->TASKS_STOP = 1;
  RTC1->TASKS_CLEAR = 1;
  RTC1->PRESCALER = 0;
  event_clear(&RTC1->EVENTS_OVRFLW);
  event_clear(&RTC1->EVENTS_COMPARE[0]);
  RTC1->INTENSET = RTC_INT_OVRFLW;
  irq_enable(IRQ_RTC1, PRIORITY_TIME);
  RTC1->TASKS_START = 1;
}

uint64_t systime_ticks(void) {
  uint32_t state = irq_save();
  uint32_t counter = RTC1->COUNTER;
  uint32_t wraps = overflows;
  /* An overflow that waits for its interrupt is counted when the counter was read after it. */
  if (RTC1->EVENTS_OVRFLW) {
    counter = RTC1->COUNTER;
    wraps++;
  }
  irq_restore(state);
  return ((uint64_t)wraps << COUNTER_BITS) | counter;
}

uint32_t systime_ms(void) { return (uint32_t)(systime_ticks() * 1000 / SYSTIME_HZ); }

void systime_wake_at(uint64_t ticks) {
  uint32_t state = irq_save();
  uint64_t now = systime_ticks();
  uint64_t at = ticks;
  if (at < now + COMPARE_MARGIN) at = now + COMPARE_MARGIN;
  if (at > now + LONGEST_HOP) at = now + LONGEST_HOP;
  event_clear(&RTC1->EVENTS_COMPARE[0]);
  RTC1->CC[0] = (uint32_t)at & COUNTER_MASK;
  RTC1->INTENSET = RTC_INT_COMPARE(0);
  irq_restore(state);
}

void systime_sleep_until(uint64_t ticks) {
  while (systime_ticks() < ticks) {
    systime_wake_at(ticks);
    /* Any interrupt ends the wait; one that came before it is remembered by the event register. */
    cpu_wait_for_event();
  }
  RTC1->INTENCLR = RTC_INT_COMPARE(0);
}

void systime_sleep_ms(uint32_t ms) { systime_sleep_until(systime_ticks() + systime_from_ms(ms)); }
