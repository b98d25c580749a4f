#include <string.h>

#include "nn/dot.h"
#include "nn/internal.h"

enum {
  OPTION_PADDING,
  OPTION_STRIDE_W,
  OPTION_STRIDE_H,
  OPTION_ACTIVATION,
  OPTION_DILATION_W,
  OPTION_DILATION_H
};

/* A 1x1 filter reads the input as it lies. */
static bool needs_patch(const struct nn_window* w) { return w->h != 1 || w->w != 1; }

static bool prepare(struct nn_prepare* p) {
  const struct nn_tensor *in = nn_in(p, 0), *weights = nn_in(p, 1), *out = nn_out(p);
  if (!nn_check_int8(p, in) || !nn_check_int8(p, out)) return false;
  if (!weights || weights->rank != 4) return nn_refuse(p, "has weights that are no filters");
  if (!nn_check_weights(p, weights, weights->dims[0], 0)) return false;
  struct nn_window* w = &p->op->window;
  w->h = weights->dims[1], w->w = weights->dims[2];
  w->stride_w = fb_i32(p->fb, p->options, OPTION_STRIDE_W, 0);
  w->stride_h = fb_i32(p->fb, p->options, OPTION_STRIDE_H, 0);
  w->dilation_w = fb_i32(p->fb, p->options, OPTION_DILATION_W, 1);
  w->dilation_h = fb_i32(p->fb, p->options, OPTION_DILATION_H, 1);
  if (!nn_set_window(p, fb_i8(p->fb, p->options, OPTION_PADDING, 0))) return false;
  if (weights->dims[3] != w->in_c || weights->dims[0] != w->out_c)
    return nn_refuse(p, "has filters that do not fit the channels");
  int64_t depth = (int64_t)w->h * w->w * w->in_c;
  if (depth > INT32_MAX) return nn_refuse(p, "has filters that are too large");
  if (needs_patch(w)) p->scratch = (size_t)depth;
  return nn_set_range(p, fb_i8(p->fb, p->options, OPTION_ACTIVATION, 0)) &&
         nn_set_sums(p, w->out_c, (int32_t)depth, true);
}

/* The inputs of one window in the order of the filter; outside of the image the zero point, which is 0. */
static void gather(const struct nn_window* w, const int8_t* image, int8_t zero, int32_t top, int32_t left,
                   int8_t* patch) {
  for (int32_t i = 0; i < w->h; i++) {
    int32_t y = top + i * w->dilation_h;
    for (int32_t j = 0; j < w->w; j++, patch += w->in_c) {
      int32_t x = left + j * w->dilation_w;
      if (y < 0 || y >= w->in_h || x < 0 || x >= w->in_w)
        memset(patch, zero, (size_t)w->in_c);
      else if (w->in_c == 1)
        *patch = image[y * w->in_w + x];
      else
        memcpy(patch, image + (y * w->in_w + x) * w->in_c, (size_t)w->in_c);
    }
  }
}

static void run(const struct nn_model* m, const struct nn_op* op) {
  const struct nn_window* w = &op->window;
  const int8_t* image = nn_data(m, op->inputs[0]);
  const int8_t zero_in = (int8_t)m->tensors[op->inputs[0]].zero;
  const int32_t zero = m->tensors[op->output].zero, depth = w->h * w->w * w->in_c;
  int8_t* out = nn_result(m, op->output);
  for (int32_t y = 0; y < w->out_h; y++) {
    for (int32_t x = 0; x < w->out_w; x++, out += w->out_c) {
      const int32_t top = y * w->stride_h - w->pad_top, left = x * w->stride_w - w->pad_left;
      const int8_t* in = op->patch;
      if (needs_patch(w))
        gather(w, image, zero_in, top, left, op->patch);
      else
        in = image + (top * w->in_w + left) * w->in_c;
      const int8_t* filter = op->sums.weights;
      int32_t o = 0;
      for (; o + 2 <= w->out_c; o += 2, filter += 2 * depth) {
        int32_t a = op->sums.bias[o], b = op->sums.bias[o + 1];
        nn_dot2(in, filter, filter + depth, depth, &a, &b);
        out[o] = nn_to_int8(nn_scale(a, op->sums.factors[o]), zero, op->low, op->high);
        out[o + 1] = nn_to_int8(nn_scale(b, op->sums.factors[o + 1]), zero, op->low, op->high);
      }
      if (o < w->out_c)
        out[o] = nn_to_int8(nn_scale(nn_dot(in, filter, depth, op->sums.bias[o]), op->sums.factors[o]), zero,
                            op->low, op->high);
    }
  }
}

const struct nn_operator nn_conv_2d = {3, "CONV_2D", prepare, run};
