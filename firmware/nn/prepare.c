/* What the operators' checks have in common. */
#include <stddef.h>

#include "nn/internal.h"

enum { MAX_DEPTH = 32767 }; /* products of one sum: with MAX_BIAS it stays within 32 bits */
static const int32_t kMaxBias = 1 << 30;

bool nn_refuse(struct nn_prepare* p, const char* what) {
  p->error->status = NN_UNSUPPORTED;
  p->error->what = what;
  return false;
}

const struct nn_tensor* nn_in(const struct nn_prepare* p, int i) {
  return p->op->inputs[i] < 0 ? NULL : &p->model->tensors[p->op->inputs[i]];
}

const struct nn_tensor* nn_out(const struct nn_prepare* p) { return &p->model->tensors[p->op->output]; }

float nn_channel_scale(struct nn_prepare* p, const struct nn_tensor* t, int32_t c) {
  struct fb_vector scales = {t->scales_at, (uint32_t)t->scale_count};
  return t->scale_count == 1 ? t->scale : fb_vec_f32(p->fb, scales, (uint32_t)c);
}

bool nn_check_int8(struct nn_prepare* p, const struct nn_tensor* t) {
  if (!t) return nn_refuse(p, "lacks an input");
  if (t->type != NN_INT8 || t->scale_count != 1)
    return nn_refuse(p, "works on int8 tensors with one scale here: quantise the model");
  return true;
}

bool nn_check_weights(struct nn_prepare* p, const struct nn_tensor* t, int32_t channels, int32_t dimension) {
  if (!t || !t->constant) return nn_refuse(p, "has weights that are no constants");
  if (t->type != NN_INT8 || t->scale_count == 0 || t->zero != 0)
    return nn_refuse(p, "has weights that are not symmetric int8");
  if (t->scale_count != 1 && (t->scale_count != channels || t->channel_dimension != dimension))
    return nn_refuse(p, "has weights with scales along the wrong dimension");
  return true;
}

bool nn_set_range(struct nn_prepare* p, int32_t activation) {
  const struct nn_tensor* out = nn_out(p);
  struct nn_op* op = p->op;
  op->low = -128;
  op->high = 127;
  if (activation == NN_RELU || activation == NN_RELU6) op->low = nn_clamp(out->zero, -128, 127);
  if (activation == NN_RELU6)
    op->high = nn_clamp(out->zero + nn_clamp(nn_round(6.0 / (double)out->scale), 0, 1024), -128, 127);
  if (activation != NN_NO_ACTIVATION && activation != NN_RELU && activation != NN_RELU6)
    return nn_refuse(p, "has a fused activation other than RELU and RELU6");
  return true;
}

static bool check_bias(struct nn_prepare* p, const struct nn_tensor* bias, int32_t outputs) {
  if (!bias) return true;
  if (!bias->constant || bias->type != NN_INT32 || bias->elements != outputs)
    return nn_refuse(p, "has a bias that is no constant int32 value for each output");
  for (int32_t i = 0; i < outputs; i++) {
    int32_t b = ((const int32_t*)bias->constant)[i];
    if (b > kMaxBias || b < -kMaxBias) return nn_refuse(p, "has a bias beyond 2^30");
  }
  return true;
}

bool nn_set_sums(struct nn_prepare* p, int32_t outputs, int32_t depth, bool rows) {
  const struct nn_tensor *in = nn_in(p, 0), *weights = nn_in(p, 1), *bias = nn_in(p, 2), *out = nn_out(p);
  struct nn_sums* s = &p->op->sums;
  if (depth > MAX_DEPTH) return nn_refuse(p, "sums over more than 32767 products");
  if (!check_bias(p, bias, outputs)) return false;
  s->weights = weights->constant;
  s->factors = nn_keep(p, sizeof *s->factors * (size_t)outputs);
  int32_t* folded = nn_keep(p, sizeof *folded * (size_t)outputs);
  if (!s->factors || !folded) return false;
  for (int32_t o = 0; o < outputs; o++) {
    double product = (double)in->scale * (double)nn_channel_scale(p, weights, o);
    s->factors[o] = nn_factor_of(product / (double)out->scale);
    int32_t sum = 0;
    for (int32_t i = 0; rows && i < depth; i++) sum += s->weights[o * depth + i];
    folded[o] = (bias ? ((const int32_t*)bias->constant)[o] : 0) - in->zero * sum;
  }
  s->bias = folded;
  return true;
}

/* TFLite's rule for one direction: output size and what is added before the first value. */
static bool fit(int32_t in, int32_t filter, int32_t stride, int32_t dilation, bool same, int32_t out,
                int32_t* before) {
  int64_t reach = (int64_t)(filter - 1) * dilation + 1;
  int64_t size = same ? ((int64_t)in + stride - 1) / stride : ((int64_t)in - reach + stride) / stride;
  if (size != out || size <= 0) return false;
  int64_t missing = (size - 1) * stride + reach - in;
  *before = same && missing > 0 ? (int32_t)(missing / 2) : 0;
  return true;
}

bool nn_set_window(struct nn_prepare* p, int32_t padding) {
  const struct nn_tensor *in = nn_in(p, 0), *out = nn_out(p);
  struct nn_window* w = &p->op->window;
  if (in->rank != 4 || out->rank != 4 || in->dims[0] != 1 || out->dims[0] != 1)
    return nn_refuse(p, "works on tensors of the shape [1, height, width, channels]");
  w->in_h = in->dims[1], w->in_w = in->dims[2], w->in_c = in->dims[3];
  w->out_h = out->dims[1], w->out_w = out->dims[2], w->out_c = out->dims[3];
  const int32_t steps[] = {w->stride_h, w->stride_w, w->dilation_h, w->dilation_w, w->h, w->w};
  for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++)
    if (steps[i] < 1 || steps[i] > 4096)
      return nn_refuse(p, "has a stride, dilation or filter size out of range");
  if (padding != 0 && padding != 1) return nn_refuse(p, "has a padding other than SAME and VALID");
  if (!fit(w->in_h, w->h, w->stride_h, w->dilation_h, padding == 0, w->out_h, &w->pad_top) ||
      !fit(w->in_w, w->w, w->stride_w, w->dilation_w, padding == 0, w->out_w, &w->pad_left))
    return nn_refuse(p, "has an output shape that does not follow from its input");
  return true;
}
