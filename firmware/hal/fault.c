#include "fault.h"

#include <stdbool.h>
#include <stdint.h>

#include "console.h"
#include "cpu.h"

extern uint32_t stack_bottom, stack_top;

struct exception_frame {
  uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
};

void __attribute__((used, noreturn)) fault_report(const struct exception_frame* f) {
  uint32_t sp = (uint32_t)f;
  bool readable = sp >= (uint32_t)&stack_bottom && sp <= (uint32_t)(&stack_top) - sizeof *f && sp % 4 == 0;
  console_panic("\r\nFAULT CFSR=%08lx HFSR=%08lx MMFAR=%08lx BFAR=%08lx SP=%08lx\r\n", SCB_CFSR, SCB_HFSR,
                SCB_MMFAR, SCB_BFAR, sp);
  if (readable) {
    console_panic("PC=%08lx LR=%08lx xPSR=%08lx R0=%08lx R1=%08lx R2=%08lx R3=%08lx R12=%08lx\r\n", f->pc,
                  f->lr, f->xpsr, f->r0, f->r1, f->r2, f->r3, f->r12);
  } else {
    console_panic("stack pointer is outside the stack\r\n");
  }
  cpu_reset();
}

/* Moves to the top of the stack when what is left of it, or where it points, would not carry the report. */
void __attribute__((naked)) fault_handler(void) {
  __asm__ volatile(
      "mrs r0, msp\n\t"
      "ldr r1, =stack_bottom + 512\n\t"
      "cmp r0, r1\n\t"
      "blo 1f\n\t"
      "ldr r1, =stack_top\n\t"
      "cmp r0, r1\n\t"
      "bls 2f\n"
      "1:\n\t"
      "ldr r1, =stack_top\n\t"
      "msr msp, r1\n"
      "2:\n\t"
      "b fault_report\n\t"
      ".ltorg\n");
}

void fault_panic(const char* reason) {
  (void)irq_save();
  uint32_t exception;
  __asm__ volatile("mrs %0, ipsr" : "=r"(exception));
  console_panic("\r\nPANIC %s (exception %lu)\r\n", reason, exception);
  cpu_reset();
}
