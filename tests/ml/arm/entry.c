/* Bare-metal frame around features_compute for features_arm_test.cpp. */
#include "features.h"

int16_t samples[1000] = {1};
float out[FEATURE_COUNT] = {1};

void entry(void) {
  features_compute(samples, 1000, 1000, out);
  __asm volatile("bkpt 0");
}
