#ifndef XEDGESIM_VIB_SENSOR_CLASSIFIER_H
#define XEDGESIM_VIB_SENSOR_CLASSIFIER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/verdict.h"
#include "nn/nn.h"

/* The .tflite model in the flash region for it. A whole model answers a score a class; the first part of a cut one
 * answers an int8 tensor. Its input is the features, or, when it takes as many values as a window has samples, the
 * samples in volts. */
struct classifier {
  struct nn_model model;
  struct nn_error error;
  bool usable;   /* otherwise `error` says why not */
  bool raw;      /* takes samples */
  bool is_part;  /* gives an int8 tensor */
};

void classifier_open(struct classifier* c, uint32_t window_samples);

/* Both mark their work for the trace probe with `sequence`. */
void classifier_run(struct classifier* c, const float* features, const int16_t* samples, uint16_t sequence);
void classifier_verdict(const struct classifier* c, uint16_t sequence, struct verdict* out);

#endif
