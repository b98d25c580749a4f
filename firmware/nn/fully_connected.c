#include "nn/dot.h"
#include "nn/internal.h"

enum { OPTION_ACTIVATION = 0, OPTION_WEIGHTS_FORMAT = 1 };

static bool prepare(struct nn_prepare* p) {
  const struct nn_tensor *in = nn_in(p, 0), *weights = nn_in(p, 1), *out = nn_out(p);
  if (!nn_check_int8(p, in) || !nn_check_int8(p, out)) return false;
  if (!weights || weights->rank != 2) return nn_refuse(p, "has weights that are no matrix");
  int32_t outputs = weights->dims[0], depth = weights->dims[1];
  if (!nn_check_weights(p, weights, outputs, 0)) return false;
  if (fb_i8(p->fb, p->options, OPTION_WEIGHTS_FORMAT, 0) != 0)
    return nn_refuse(p, "has weights in a shuffled format");
  /* Several rows of input: batch, or [1, time, features]. */
  if (in->elements % depth != 0 || out->elements != in->elements / depth * outputs)
    return nn_refuse(p, "has shapes that do not fit each other");
  return nn_set_range(p, fb_i8(p->fb, p->options, OPTION_ACTIVATION, 0)) &&
         nn_set_sums(p, outputs, depth, true);
}

static void run(const struct nn_model* m, const struct nn_op* op) {
  const struct nn_tensor* weights = &m->tensors[op->inputs[1]];
  const int32_t outputs = weights->dims[0], depth = weights->dims[1];
  const int32_t zero = m->tensors[op->output].zero;
  const int32_t rows = m->tensors[op->inputs[0]].elements / depth;
  const int8_t* x = nn_data(m, op->inputs[0]);
  int8_t* y = nn_result(m, op->output);
  for (int32_t r = 0; r < rows; r++, x += depth, y += outputs) {
    const int8_t* w = op->sums.weights;
    int32_t o = 0;
    for (; o + 2 <= outputs; o += 2, w += 2 * depth) {
      int32_t a = op->sums.bias[o], b = op->sums.bias[o + 1];
      nn_dot2(x, w, w + depth, depth, &a, &b);
      y[o] = nn_to_int8(nn_scale(a, op->sums.factors[o]), zero, op->low, op->high);
      y[o + 1] = nn_to_int8(nn_scale(b, op->sums.factors[o + 1]), zero, op->low, op->high);
    }
    if (o < outputs)
      y[o] = nn_to_int8(nn_scale(nn_dot(x, w, depth, op->sums.bias[o]), op->sums.factors[o]), zero, op->low,
                        op->high);
  }
}

const struct nn_operator nn_fully_connected = {9, "FULLY_CONNECTED", prepare, run};
