#include "cpu.h"

#define NVIC_ISER ((volatile uint32_t*)0xE000E100u)
#define NVIC_ICPR ((volatile uint32_t*)0xE000E280u)
#define NVIC_IPR ((volatile uint8_t*)0xE000E400u)

enum { AIRCR_VECTKEY = 0x05FA0000, AIRCR_SYSRESETREQ = 1 << 2, FPSCR_CUMULATIVE = 0x9F };

void cpu_wait_for_event(void) {
  uint32_t fpscr;
  __asm__ volatile("vmrs %0, fpscr" : "=r"(fpscr));
  if (fpscr & FPSCR_CUMULATIVE) {
    __asm__ volatile("vmsr fpscr, %0" ::"r"(fpscr & ~(uint32_t)FPSCR_CUMULATIVE));
    NVIC_ICPR[IRQ_FPU / 32] = 1u << (IRQ_FPU % 32);
  }
  cpu_dsb();
  __asm__ volatile("wfe" ::: "memory");
}

void irq_enable(enum irq irq, enum irq_priority priority) {
  NVIC_IPR[irq] = (uint8_t)(priority << 5);
  NVIC_ICPR[irq / 32] = 1u << (irq % 32);
  cpu_dsb();
  NVIC_ISER[irq / 32] = 1u << (irq % 32);
}

void cpu_reset(void) {
  cpu_dsb();
  SCB_AIRCR = AIRCR_VECTKEY | AIRCR_SYSRESETREQ;
  cpu_dsb();
  for (;;) {
  }
}
