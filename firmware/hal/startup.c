#include <stdint.h>

#include "cpu.h"
#include "fault.h"
#include "nrf52840.h"

extern uint32_t stack_top, data_start, data_end, data_load, bss_start, bss_end;

int main(void);

static void unexpected_interrupt(void) { fault_panic("interrupt without a handler"); }

/* Handlers that an application does not link stay with unexpected_interrupt(). */
#define WEAK_HANDLER __attribute__((weak, alias("unexpected_interrupt")))
void power_clock_handler(void) WEAK_HANDLER;
void radio_handler(void) WEAK_HANDLER;
void uarte0_handler(void) WEAK_HANDLER;
void saadc_handler(void) WEAK_HANDLER;
void timer3_handler(void) WEAK_HANDLER;
void timer1_handler(void) WEAK_HANDLER;
void rng_handler(void) WEAK_HANDLER;
void rtc1_handler(void) WEAK_HANDLER;

static void __attribute__((noinline, noreturn)) run(void) {
  for (uint32_t *to = &data_start, *from = &data_load; to < &data_end;) *to++ = *from++;
  for (uint32_t* to = &bss_start; to < &bss_end;) *to++ = 0;

  /* Newer chips lock the debug port at reset unless firmware repeats what UICR allows; on older ones this
   * address is unused. */
  CLOCK->APPROTECT_DISABLE = UICR->APPROTECT;

  main();
  fault_panic("main returned");
}

/* Turns the FPU on before any function that may save its registers is entered. */
void __attribute__((noreturn)) reset_handler(void) {
  SCB_CPACR |= 0xFu << 20;
  cpu_dsb();
  cpu_isb();
  run();
}

typedef void (*vector)(void);

enum { EXCEPTIONS = 16, EXTERNAL_INTERRUPTS = 48 };

__attribute__((section(".vectors"), used)) static const vector vectors[EXCEPTIONS + EXTERNAL_INTERRUPTS] = {
    [0] = (vector)&stack_top,
    [1] = reset_handler,
    [2] = fault_handler,         /* NMI */
    [3] = fault_handler,         /* HardFault; the other faults escalate to it */
    [4 ... 6] = fault_handler,   /* MemManage, BusFault, UsageFault */
    [11 ... 12] = fault_handler, /* SVCall, debug monitor */
    [14 ... 15] = fault_handler, /* PendSV, SysTick */
    [EXCEPTIONS + IRQ_POWER_CLOCK] = power_clock_handler,
    [EXCEPTIONS + IRQ_RADIO] = radio_handler,
    [EXCEPTIONS + IRQ_UARTE0] = uarte0_handler,
    [EXCEPTIONS + 3 ... EXCEPTIONS + 6] = unexpected_interrupt,
    [EXCEPTIONS + IRQ_SAADC] = saadc_handler,
    [EXCEPTIONS + 8] = unexpected_interrupt,
    [EXCEPTIONS + IRQ_TIMER1] = timer1_handler,
    [EXCEPTIONS + 10 ... EXCEPTIONS + 12] = unexpected_interrupt,
    [EXCEPTIONS + IRQ_RNG] = rng_handler,
    [EXCEPTIONS + 14 ... EXCEPTIONS + 16] = unexpected_interrupt,
    [EXCEPTIONS + IRQ_RTC1] = rtc1_handler,
    [EXCEPTIONS + 18 ... EXCEPTIONS + 25] = unexpected_interrupt,
    [EXCEPTIONS + IRQ_TIMER3] = timer3_handler,
    [EXCEPTIONS + 27 ... EXCEPTIONS + EXTERNAL_INTERRUPTS - 1] = unexpected_interrupt,
};
