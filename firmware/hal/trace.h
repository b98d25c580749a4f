#ifndef XEDGESIM_HAL_TRACE_H
#define XEDGESIM_HAL_TRACE_H

#include <stdint.h>

/* Marks for a trace probe on the SWO pin: words written to the stimulus ports of the Instrumentation Trace
 * Macrocell (ARMv7-M ARM C1.7). One store each; without a probe that has enabled the port nothing happens. */
enum trace_port {
  TRACE_INFERENCE_BEGIN = 1, /* sequence number of the report */
  TRACE_INFERENCE_END = 2,   /* likewise */
  TRACE_SCORE = 3,           /* bits 0-15 score in Q8.8, bits 16-31 class; before the verdict */
  TRACE_VERDICT = 4,         /* bits 0-15 sequence number, bits 16-31 class */
  TRACE_PLACEMENT = 5,       /* bits 0-7 enum placement, bits 8-15 enum placement_reason, bits 16-31 sequence */
  TRACE_MODEL = 6,           /* bytes of arena the model takes; 0: refused */
};

static inline void trace_put(enum trace_port port, uint32_t value) {
  *(volatile uint32_t*)(0xE0000000u + 4u * (uint32_t)port) = value;
}

#endif
