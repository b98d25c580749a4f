/* Compiled code under interrupts: the main program computes a CRC and a float sum while SysTick, PendSV and two
 * external interrupts pre-empt it and each other, all of them using the floating-point unit. interrupts_test.cpp
 * computes the same on the host. */
#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))

struct report {
  uint32_t done, ticks, switches, low, high, nested, crc;
  float main_sum, tick_sum, low_sum;
};
__attribute__((section(".report"))) volatile struct report report;

static uint8_t buffer[256];
static volatile uint32_t in_low;

void sys_tick(void) {
  ++report.ticks;
  report.tick_sum += 0.5f * (float)report.ticks;
  REG(0xE000ED04) = 1u << 28;                      /* PendSV, once everything else is done */
  if (report.ticks % 4 == 0) REG(0xE000EF00) = 0;  /* external interrupt 0 by STIR */
}

void pend_sv(void) { ++report.switches; }

void low(void) {
  in_low = 1;
  float x = 1.0f;
  for (int i = 1; i < 8; ++i) {
    x = x * 1.25f + (float)i;
    if (i == 4) REG(0xE000EF00) = 1; /* the higher one pre-empts here */
  }
  report.low_sum += x;
  ++report.low;
  in_low = 0;
}

void high(void) {
  volatile float scratch = 3.0f;
  scratch = scratch / 7.0f;
  report.nested += in_low;
  ++report.high;
}

static uint32_t crc32(uint32_t crc, uint8_t byte) {
  crc ^= byte;
  for (int i = 0; i < 8; ++i) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
  return crc;
}

int main(void) {
  REG(0xE000ED88) = 0xFu << 20;
  __asm__ volatile("dsb\n isb");
  REG(0xE000ED20) = 0x80E00000; /* SysTick 0x80, PendSV 0xE0 */
  REG(0xE000E400) = 0x000040C0; /* interrupt 0: 0xC0, 1: 0x40 */
  REG(0xE000E100) = 3;
  REG(0xE000E014) = 1699;
  REG(0xE000E018) = 0;
  REG(0xE000E010) = 7;
  uint32_t crc = 0xFFFFFFFF;
  float sum = 0;
  for (uint32_t round = 0; round < 40; ++round) {
    for (uint32_t i = 0; i < sizeof buffer; ++i) {
      buffer[i] = (uint8_t)(i * 7 + round);
      crc = crc32(crc, buffer[i]);
      sum = sum * 0.75f + (float)buffer[i];
    }
  }
  while (report.ticks < 800) __asm__ volatile("wfi");
  REG(0xE000E010) = 0;
  report.crc = ~crc;
  report.main_sum = sum;
  report.done = 1;
  for (;;) __asm__ volatile("wfi");
}

extern uint32_t stack_top;
static void reset(void) { main(); }
static void stop(void) {
  for (;;) __asm__ volatile("bkpt 1");
}
__attribute__((section(".vectors"), used)) static void *const vectors[] = {
    &stack_top, (void *)reset, (void *)stop, (void *)stop, (void *)stop,    (void *)stop,     (void *)stop, 0, 0,
    0,          0,             (void *)stop, (void *)stop, 0,               (void *)pend_sv, (void *)sys_tick,
    (void *)low, (void *)high};
