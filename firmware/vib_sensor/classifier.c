#include "vib_sensor/classifier.h"

#include "common/features.h"
#include "hal/trace.h"

enum { ARENA_SIZE = 96 * 1024 };
static const float kVoltsPerCode = 3.0f / 4096.0f;

/* From the linker script: the region's place and size are these symbols' addresses. */
extern const uint8_t model_region[];
extern const uint8_t model_region_size[];

static uint8_t arena[ARENA_SIZE] __attribute__((aligned(8), section(".noinit")));

static bool refuse(struct classifier* c, const char* what) {
  c->error.what = what;
  return false;
}

static bool fits(struct classifier* c, uint32_t window_samples) {
  const struct nn_tensor *in = nn_input(&c->model), *out = nn_output(&c->model);
  c->raw = in->elements != FEATURE_COUNT;
  c->is_part = out->type == NN_INT8;
  if (in->type != NN_FLOAT32) return refuse(c, "its input is not float32");
  if (c->raw && (uint32_t)in->elements != window_samples)
    return refuse(c, "it takes neither 16 features nor a window of samples");
  if (!c->is_part && out->elements > VERDICT_MAX_CLASSES) return refuse(c, "it has more than 16 classes");
  if (c->is_part && out->elements > FRAGMENT_MAX_TENSOR) return refuse(c, "its result is too large to send");
  return true;
}

void classifier_open(struct classifier* c, uint32_t window_samples) {
  c->usable = nn_open(&c->model, model_region, (size_t)(uintptr_t)model_region_size, arena, sizeof arena, &c->error) &&
              fits(c, window_samples);
  trace_put(TRACE_MODEL, c->usable ? (uint32_t)c->model.arena_used : 0);
}

void classifier_run(struct classifier* c, const float* features, const int16_t* samples, uint16_t sequence) {
  float* in = nn_input(&c->model)->data;
  const int32_t count = nn_input(&c->model)->elements;
  trace_put(TRACE_INFERENCE_BEGIN, sequence);
  for (int32_t i = 0; i < count; i++) in[i] = c->raw ? (float)samples[i] * kVoltsPerCode : features[i];
  nn_invoke(&c->model);
  trace_put(TRACE_INFERENCE_END, sequence);
}

void classifier_verdict(const struct classifier* c, uint16_t sequence, struct verdict* out) {
  out->class_count = (uint8_t)nn_output(&c->model)->elements;
  out->class_index = (uint8_t)nn_output_argmax(&c->model);
  for (unsigned i = 0; i < out->class_count; i++) {
    out->scores[i] = features_to_q8(nn_output_value(&c->model, (int32_t)i));
    trace_put(TRACE_SCORE, (uint32_t)i << 16 | (uint16_t)out->scores[i]);
  }
  trace_put(TRACE_VERDICT, (uint32_t)out->class_index << 16 | sequence);
}
