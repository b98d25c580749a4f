#ifndef XEDGESIM_HAL_CPU_H
#define XEDGESIM_HAL_CPU_H

#include <stdbool.h>
#include <stdint.h>

/* Cortex-M4F core: the few instructions and system registers the firmware needs (ARMv7-M ARM). */

enum irq {
  IRQ_POWER_CLOCK = 0,
  IRQ_RADIO = 1,
  IRQ_UARTE0 = 2,
  IRQ_SAADC = 7,
  IRQ_TIMER1 = 9,
  IRQ_RNG = 13,
  IRQ_RTC1 = 17,
  IRQ_TIMER3 = 26,
  IRQ_FPU = 38,
};

/* Interrupt priorities: lower runs first; three bits are implemented. The radio must answer an
 * acknowledgement request within 150 us, so nothing may hold it up. */
enum irq_priority {
  PRIORITY_RADIO = 1,
  PRIORITY_SAMPLING = 2,
  PRIORITY_TIME = 3,
  PRIORITY_CONSOLE = 5,
  PRIORITY_MISC = 6,
};

#define SCB_AIRCR (*(volatile uint32_t*)0xE000ED0Cu)
#define SCB_CFSR (*(volatile uint32_t*)0xE000ED28u)
#define SCB_HFSR (*(volatile uint32_t*)0xE000ED2Cu)
#define SCB_MMFAR (*(volatile uint32_t*)0xE000ED34u)
#define SCB_BFAR (*(volatile uint32_t*)0xE000ED38u)
#define SCB_CPACR (*(volatile uint32_t*)0xE000ED88u)

static inline void cpu_dsb(void) { __asm__ volatile("dsb" ::: "memory"); }
static inline void cpu_isb(void) { __asm__ volatile("isb" ::: "memory"); }

/* Sleeps until the event register is set. An exception entry or return sets it, so the pattern
 *   while (!flag_set_by_isr) cpu_wait_for_event();
 * never loses a wake-up. The cumulative FPU flags are cleared first: left set they hold the FPU interrupt
 * pending, which keeps the chip out of its idle mode (nRF52840 erratum 87). */
void cpu_wait_for_event(void);

/* Disables interrupts and returns the former state for irq_restore(). */
static inline uint32_t irq_save(void) {
  uint32_t primask;
  __asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(primask)::"memory");
  return primask;
}

static inline void irq_restore(uint32_t primask) {
  __asm__ volatile("msr primask, %0" ::"r"(primask) : "memory");
}

/* Drops an old pending request of `irq`, sets its priority and lets it through. */
void irq_enable(enum irq irq, enum irq_priority priority);

void cpu_reset(void) __attribute__((noreturn));

#endif
