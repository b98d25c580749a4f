#include "common/placement.h"

/* Nominal currents in microamperes: sampling timer and converter, CPU from flash, radio. */
enum { SAMPLING_UA = 433, CPU_UA = 3300, RADIO_UA = 6530 };
enum { LINK_ALL = 256, LINK_HYSTERESIS = LINK_ALL / 10 };

void placement_init(struct placement_state* state, const struct settings* settings) {
  *state = (struct placement_state){.link_q8 = LINK_ALL, .now = settings->placement};
}

void placement_sent(struct placement_state* state, unsigned attempts, bool delivered, uint32_t delay_ms) {
  for (unsigned i = 0; i < attempts; i++) {
    int32_t target = delivered && i + 1 == attempts ? LINK_ALL : 0;
    int32_t step = target - (int32_t)state->link_q8;
    /* Rounded away from zero, so that the average reaches both ends. */
    step = step > 0 ? (step + 7) / 8 : -((-step + 7) / 8);
    state->link_q8 = (uint16_t)((int32_t)state->link_q8 + step);
  }
  state->delay_ms = state->delay_ms == 0 ? delay_ms : (3 * state->delay_ms + delay_ms + 2) / 4;
}

void placement_spent(struct placement_state* state, uint32_t window_us, uint32_t awake_us, uint32_t radio_us) {
  uint64_t pc = (uint64_t)window_us * SAMPLING_UA + (uint64_t)awake_us * CPU_UA + (uint64_t)radio_us * RADIO_UA;
  pc += state->used_pc;
  state->used_uc += (uint32_t)(pc / 1000000u);
  state->used_pc = (uint32_t)(pc % 1000000u);
}

uint32_t placement_battery_pct(const struct placement_state* state, const struct settings* settings) {
  if (settings->battery_mc == 0) return 100;
  uint32_t used_mc = state->used_uc / 1000;
  if (used_mc >= settings->battery_mc) return 0;
  return (uint32_t)((uint64_t)(settings->battery_mc - used_mc) * 100 / settings->battery_mc);
}

bool placement_choose(struct placement_state* state, const struct settings* settings) {
  if (!settings->adaptive) return false;
  const uint8_t before = state->now;
  const bool was_poor = state->reason == PLACEMENT_POOR_LINK;
  const uint32_t poor = (uint32_t)settings->poor_link_pct * LINK_ALL / 100 + (was_poor ? LINK_HYSTERESIS : 0);
  state->now = settings->placement;
  state->reason = PLACEMENT_NORMAL;
  if (settings->low_battery_pct && placement_battery_pct(state, settings) < settings->low_battery_pct) {
    state->reason = PLACEMENT_LOW_BATTERY;
  } else if (settings->poor_link_pct && state->link_q8 < poor) {
    state->now = PLACEMENT_DEVICE;
    state->reason = PLACEMENT_POOR_LINK;
  } else if (settings->deadline_ms && state->delay_ms > settings->deadline_ms) {
    state->now = PLACEMENT_DEVICE;
    state->reason = PLACEMENT_DEADLINE;
  }
  return state->now != before;
}

const char* placement_name(uint8_t placement) {
  static const char* const kNames[] = {"edge", "device", "cloud", "hybrid"};
  return placement < PLACEMENT_COUNT ? kNames[placement] : "?";
}

const char* placement_reason_name(uint8_t reason) {
  static const char* const kNames[] = {"conditions are normal", "the battery is low", "the link is poor",
                                       "the deadline was missed"};
  return reason <= PLACEMENT_DEADLINE ? kNames[reason] : "?";
}
