/* ADD of int8 tensors of one shape; ADD, SUB and MUL of floats, the second of the first's shape or of its
 * last dimensions (repeated); RELU and RELU6 on their own; RESHAPE; QUANTIZE and DEQUANTIZE. */
#include <string.h>

#include "nn/internal.h"

enum { OPTION_ACTIVATION = 0, ADD_HEADROOM_BITS = 20 };

static bool same_size(struct nn_prepare* p) {
  if (nn_in(p, 0)->elements != nn_out(p)->elements)
    return nn_refuse(p, "has shapes that do not fit each other");
  return true;
}

static bool prepare_float(struct nn_prepare* p) {
  const struct nn_tensor *a = nn_in(p, 0), *b = nn_in(p, 1), *out = nn_out(p);
  if (!b) return nn_refuse(p, "lacks an input");
  if (a->type != NN_FLOAT32 || b->type != NN_FLOAT32 || out->type != NN_FLOAT32)
    return nn_refuse(p, "works on float32 tensors here (ADD also on int8)");
  if (fb_i8(p->fb, p->options, OPTION_ACTIVATION, 0) != NN_NO_ACTIVATION)
    return nn_refuse(p, "has a fused activation, which it has not on floats here");
  bool repeats = b->rank <= a->rank;
  for (int i = 1; repeats && i <= b->rank; i++) repeats = b->dims[b->rank - i] == a->dims[a->rank - i];
  if (!repeats && b->elements != 1) return nn_refuse(p, "has a second input of another shape");
  p->op->is_float = true;
  return same_size(p);
}

static bool prepare_add(struct nn_prepare* p) {
  const struct nn_tensor *a = nn_in(p, 0), *b = nn_in(p, 1), *out = nn_out(p);
  if (a->type == NN_FLOAT32) return prepare_float(p);
  if (!nn_check_int8(p, a) || !nn_check_int8(p, b) || !nn_check_int8(p, out)) return false;
  if (a->elements != b->elements) return nn_refuse(p, "has inputs of different shapes");
  const double twice = 2.0 * (double)(a->scale > b->scale ? a->scale : b->scale);
  p->op->factor[0] = nn_factor_of((double)a->scale / twice);
  p->op->factor[1] = nn_factor_of((double)b->scale / twice);
  p->op->factor[2] = nn_factor_of(twice / ((double)(1 << ADD_HEADROOM_BITS) * (double)out->scale));
  return same_size(p) && nn_set_range(p, fb_i8(p->fb, p->options, OPTION_ACTIVATION, 0));
}

static void run_float(const struct nn_model* m, const struct nn_op* op) {
  const float* a = (const float*)(const void*)nn_data(m, op->inputs[0]);
  const float* b = (const float*)(const void*)nn_data(m, op->inputs[1]);
  float* y = (float*)(void*)nn_result(m, op->output);
  const int32_t n = m->tensors[op->output].elements, period = m->tensors[op->inputs[1]].elements;
  for (int32_t i = 0, k = 0; i < n; i++, k = k + 1 == period ? 0 : k + 1)
    y[i] = op->kind == &nn_sub ? a[i] - b[k] : op->kind == &nn_mul ? a[i] * b[k] : a[i] + b[k];
}

static void run_add(const struct nn_model* m, const struct nn_op* op) {
  if (op->is_float) {
    run_float(m, op);
    return;
  }
  const int8_t *a = nn_data(m, op->inputs[0]), *b = nn_data(m, op->inputs[1]);
  int8_t* y = nn_result(m, op->output);
  const int32_t zero_a = m->tensors[op->inputs[0]].zero, zero_b = m->tensors[op->inputs[1]].zero;
  const int32_t zero = m->tensors[op->output].zero, n = m->tensors[op->output].elements;
  const int32_t one = 1 << ADD_HEADROOM_BITS;
  for (int32_t i = 0; i < n; i++) {
    const int32_t sum =
        nn_scale((a[i] - zero_a) * one, op->factor[0]) + nn_scale((b[i] - zero_b) * one, op->factor[1]);
    y[i] = nn_to_int8(nn_scale(sum, op->factor[2]), zero, op->low, op->high);
  }
}

const struct nn_operator nn_add = {0, "ADD", prepare_add, run_add};
const struct nn_operator nn_sub = {41, "SUB", prepare_float, run_float};
const struct nn_operator nn_mul = {18, "MUL", prepare_float, run_float};

/* ---- int8 to int8 with another scale: RELU, RELU6, QUANTIZE
 * --------------------------------------------------- */

static bool prepare_rescale(struct nn_prepare* p, int32_t activation) {
  if (!nn_check_int8(p, nn_in(p, 0)) || !nn_check_int8(p, nn_out(p))) return false;
  p->op->factor[0] = nn_factor_of((double)nn_in(p, 0)->scale / (double)nn_out(p)->scale);
  return same_size(p) && nn_set_range(p, activation);
}

static bool prepare_relu(struct nn_prepare* p) { return prepare_rescale(p, NN_RELU); }
static bool prepare_relu6(struct nn_prepare* p) { return prepare_rescale(p, NN_RELU6); }

static void run_rescale(const struct nn_model* m, const struct nn_op* op) {
  const int8_t* x = nn_data(m, op->inputs[0]);
  int8_t* y = nn_result(m, op->output);
  const int32_t zero_in = m->tensors[op->inputs[0]].zero, zero = m->tensors[op->output].zero;
  for (int32_t i = 0; i < m->tensors[op->output].elements; i++)
    y[i] = nn_to_int8(nn_scale(x[i] - zero_in, op->factor[0]), zero, op->low, op->high);
}

const struct nn_operator nn_relu = {19, "RELU", prepare_relu, run_rescale};
const struct nn_operator nn_relu6 = {21, "RELU6", prepare_relu6, run_rescale};

static bool prepare_quantize(struct nn_prepare* p) {
  if (nn_in(p, 0)->type != NN_FLOAT32) return prepare_rescale(p, NN_NO_ACTIVATION);
  p->op->is_float = true;
  return nn_check_int8(p, nn_out(p)) && same_size(p);
}

static void run_quantize(const struct nn_model* m, const struct nn_op* op) {
  if (!op->is_float) {
    run_rescale(m, op);
    return;
  }
  const float* x = (const float*)(const void*)nn_data(m, op->inputs[0]);
  int8_t* y = nn_result(m, op->output);
  const struct nn_tensor* t = &m->tensors[op->output];
  for (int32_t i = 0; i < t->elements; i++)
    y[i] = (int8_t)nn_clamp(nn_round_float(x[i] / t->scale) + t->zero, -128, 127);
}

const struct nn_operator nn_quantize = {114, "QUANTIZE", prepare_quantize, run_quantize};

static bool prepare_dequantize(struct nn_prepare* p) {
  if (nn_out(p)->type != NN_FLOAT32) return nn_refuse(p, "gives float32 here");
  return nn_check_int8(p, nn_in(p, 0)) && same_size(p);
}

static void run_dequantize(const struct nn_model* m, const struct nn_op* op) {
  const int8_t* x = nn_data(m, op->inputs[0]);
  float* y = (float*)(void*)nn_result(m, op->output);
  const struct nn_tensor* t = &m->tensors[op->inputs[0]];
  for (int32_t i = 0; i < t->elements; i++) y[i] = t->scale * (float)(x[i] - t->zero);
}

const struct nn_operator nn_dequantize = {6, "DEQUANTIZE", prepare_dequantize, run_dequantize};

/* ---- RESHAPE
 * -------------------------------------------------------------------------------------------------- */

static bool prepare_reshape(struct nn_prepare* p) {
  const struct nn_tensor *in = nn_in(p, 0), *out = nn_out(p);
  if (in->type != out->type || in->scale != out->scale || in->zero != out->zero)
    return nn_refuse(p, "changes the type or the scale");
  return same_size(p);
}

static void run_reshape(const struct nn_model* m, const struct nn_op* op) {
  const struct nn_tensor* t = &m->tensors[op->output];
  memcpy(nn_result(m, op->output), nn_data(m, op->inputs[0]),
         (size_t)t->elements * (t->type == NN_INT8 ? 1 : 4));
}

const struct nn_operator nn_reshape = {22, "RESHAPE", prepare_reshape, run_reshape};
