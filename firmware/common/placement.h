#ifndef XEDGESIM_COMMON_PLACEMENT_H
#define XEDGESIM_COMMON_PLACEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Choice between a service and the device for the next inference, from what the node itself can know: the charge it
 * has used (counted with nominal currents), the part of its transmissions that were acknowledged, and how long the
 * latest took. In this order: low battery -> service (a radio frame costs less than what follows from a wrong
 * battery estimate late in life, and the service is the better model), poor link -> device, deadline missed ->
 * device, otherwise the service. A link that was poor must be better by 10 % before it is trusted again. */
enum placement_reason {
  PLACEMENT_NORMAL,
  PLACEMENT_LOW_BATTERY,
  PLACEMENT_POOR_LINK,
  PLACEMENT_DEADLINE,
};

struct placement_state {
  uint32_t used_uc;  /* microcoulombs since the start, in whole ones */
  uint32_t used_pc;  /* the rest, picocoulombs */
  uint16_t link_q8;  /* acknowledged transmissions, 256: all; moving average over about 8 */
  uint32_t delay_ms; /* moving average over about 4 reports, from the window's end */
  uint8_t now;       /* of enum placement */
  uint8_t reason;    /* of enum placement_reason */
};

void placement_init(struct placement_state* state, const struct settings* settings);

/* A report took `attempts` transmissions, of which the last was acknowledged or not, and was done `delay_ms` after
 * the end of its window. */
void placement_sent(struct placement_state* state, unsigned attempts, bool delivered, uint32_t delay_ms);

/* Time went by: `window_us` of sampling, of which the CPU was awake `awake_us` and the radio on `radio_us`. */
void placement_spent(struct placement_state* state, uint32_t window_us, uint32_t awake_us, uint32_t radio_us);

/* Percent of the battery's charge that is left; 100 when its size is unknown. */
uint32_t placement_battery_pct(const struct placement_state* state, const struct settings* settings);

/* Sets `now` and `reason`; true when the placement changed. */
bool placement_choose(struct placement_state* state, const struct settings* settings);

const char* placement_name(uint8_t placement);
const char* placement_reason_name(uint8_t reason);

#ifdef __cplusplus
}
#endif

#endif
