#include "nn/internal.h"

/* MEAN over dimensions that follow one another, such as height and width. */

struct extent {
  int32_t outer, count, inner;
};

static bool extent_of(const struct nn_tensor* in, const struct nn_tensor* axes, struct extent* e) {
  bool over[NN_MAX_RANK] = {false};
  for (int32_t i = 0; i < axes->elements; i++) {
    int32_t a = ((const int32_t*)axes->constant)[i];
    if (a < 0) a += in->rank;
    if (a < 0 || a >= in->rank) return false;
    over[a] = true;
  }
  *e = (struct extent){1, 1, 1};
  int borders = 0;
  for (int d = 0; d < in->rank; d++) {
    if (over[d]) {
      if (e->inner > 1) return false;
      e->count *= in->dims[d];
      borders = 1;
    } else if (borders) {
      e->inner *= in->dims[d];
    } else {
      e->outer *= in->dims[d];
    }
  }
  return true;
}

static bool prepare(struct nn_prepare* p) {
  const struct nn_tensor *in = nn_in(p, 0), *axes = nn_in(p, 1), *out = nn_out(p);
  if (!nn_check_int8(p, in) || !nn_check_int8(p, out)) return false;
  if (!axes || !axes->constant || axes->type != NN_INT32 || axes->elements > NN_MAX_RANK)
    return nn_refuse(p, "has axes that are no constants");
  struct extent e;
  if (!extent_of(in, axes, &e)) return nn_refuse(p, "runs over dimensions that do not follow one another");
  if (out->elements != e.outer * e.inner) return nn_refuse(p, "has shapes that do not fit each other");
  p->op->factor[0] = nn_factor_of((double)in->scale / ((double)out->scale * e.count));
  return nn_set_range(p, NN_NO_ACTIVATION);
}

static void run(const struct nn_model* m, const struct nn_op* op) {
  const struct nn_tensor* in = &m->tensors[op->inputs[0]];
  const int32_t zero = m->tensors[op->output].zero;
  const int8_t* x = nn_data(m, op->inputs[0]);
  int8_t* y = nn_result(m, op->output);
  struct extent e;
  if (!extent_of(in, &m->tensors[op->inputs[1]], &e)) return;
  for (int32_t o = 0; o < e.outer; o++) {
    for (int32_t i = 0; i < e.inner; i++) {
      int32_t sum = 0;
      for (int32_t k = 0; k < e.count; k++) sum += x[(o * e.count + k) * e.inner + i] - in->zero;
      *y++ = nn_to_int8(nn_scale(sum, op->factor[0]), zero, op->low, op->high);
    }
  }
}

const struct nn_operator nn_mean = {40, "MEAN", prepare, run};
