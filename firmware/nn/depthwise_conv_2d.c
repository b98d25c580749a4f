#include "nn/internal.h"

enum {
  OPTION_PADDING,
  OPTION_STRIDE_W,
  OPTION_STRIDE_H,
  OPTION_MULTIPLIER,
  OPTION_ACTIVATION,
  OPTION_DILATION_W,
  OPTION_DILATION_H
};

static bool prepare(struct nn_prepare* p) {
  const struct nn_tensor *in = nn_in(p, 0), *weights = nn_in(p, 1), *out = nn_out(p);
  if (!nn_check_int8(p, in) || !nn_check_int8(p, out)) return false;
  if (!weights || weights->rank != 4 || weights->dims[0] != 1)
    return nn_refuse(p, "has weights that are no filters");
  if (!nn_check_weights(p, weights, weights->dims[3], 3)) return false;
  struct nn_window* w = &p->op->window;
  w->h = weights->dims[1], w->w = weights->dims[2];
  w->stride_w = fb_i32(p->fb, p->options, OPTION_STRIDE_W, 0);
  w->stride_h = fb_i32(p->fb, p->options, OPTION_STRIDE_H, 0);
  w->dilation_w = fb_i32(p->fb, p->options, OPTION_DILATION_W, 1);
  w->dilation_h = fb_i32(p->fb, p->options, OPTION_DILATION_H, 1);
  if (!nn_set_window(p, fb_i8(p->fb, p->options, OPTION_PADDING, 0))) return false;
  /* The multiplier follows from the channels; the option of old files may say anything. */
  if (weights->dims[3] != w->out_c || w->out_c % w->in_c != 0)
    return nn_refuse(p, "has filters that do not fit the channels");
  return nn_set_range(p, fb_i8(p->fb, p->options, OPTION_ACTIVATION, 0)) &&
         nn_set_sums(p, w->out_c, w->h * w->w, false);
}

/* The part of the filter that lies in the image, of one direction. */
static void inside(int32_t start, int32_t dilation, int32_t filter, int32_t size, int32_t* first,
                   int32_t* end) {
  *first = start < 0 ? (-start + dilation - 1) / dilation : 0;
  *end = start >= size ? 0 : (size - start + dilation - 1) / dilation;
  if (*end > filter) *end = filter;
}

static void run(const struct nn_model* m, const struct nn_op* op) {
  const struct nn_window* w = &op->window;
  const int8_t* image = nn_data(m, op->inputs[0]);
  const int32_t zero_in = m->tensors[op->inputs[0]].zero, zero = m->tensors[op->output].zero;
  const int32_t multiplier = w->out_c / w->in_c, step = w->dilation_w * w->in_c;
  int8_t* out = nn_result(m, op->output);
  for (int32_t y = 0; y < w->out_h; y++) {
    const int32_t top = y * w->stride_h - w->pad_top;
    int32_t i0, i1;
    inside(top, w->dilation_h, w->h, w->in_h, &i0, &i1);
    for (int32_t x = 0; x < w->out_w; x++) {
      const int32_t left = x * w->stride_w - w->pad_left;
      int32_t j0, j1;
      inside(left, w->dilation_w, w->w, w->in_w, &j0, &j1);
      for (int32_t c = 0; c < w->out_c; c++) {
        const int32_t from = multiplier == 1 ? c : c / multiplier;
        int32_t sum = op->sums.bias[c];
        for (int32_t i = i0; i < i1 && j0 < j1; i++) {
          const int8_t* in =
              image + ((top + i * w->dilation_h) * w->in_w + left + j0 * w->dilation_w) * w->in_c + from;
          const int8_t* filter = op->sums.weights + (i * w->w + j0) * w->out_c + c;
          for (int32_t j = 0; j < j1 - j0; j++) sum += (in[j * step] - zero_in) * filter[j * w->out_c];
        }
        *out++ = nn_to_int8(nn_scale(sum, op->sums.factors[c]), zero, op->low, op->high);
      }
    }
  }
}

const struct nn_operator nn_depthwise_conv_2d = {4, "DEPTHWISE_CONV_2D", prepare, run};
