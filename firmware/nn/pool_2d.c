#include "nn/internal.h"

enum {
  OPTION_PADDING,
  OPTION_STRIDE_W,
  OPTION_STRIDE_H,
  OPTION_FILTER_W,
  OPTION_FILTER_H,
  OPTION_ACTIVATION
};

static bool prepare(struct nn_prepare* p) {
  const struct nn_tensor *in = nn_in(p, 0), *out = nn_out(p);
  if (!nn_check_int8(p, in) || !nn_check_int8(p, out)) return false;
  if (in->scale != out->scale || in->zero != out->zero)
    return nn_refuse(p, "changes the scale, which a pooling layer must not");
  struct nn_window* w = &p->op->window;
  w->h = fb_i32(p->fb, p->options, OPTION_FILTER_H, 0);
  w->w = fb_i32(p->fb, p->options, OPTION_FILTER_W, 0);
  w->stride_w = fb_i32(p->fb, p->options, OPTION_STRIDE_W, 0);
  w->stride_h = fb_i32(p->fb, p->options, OPTION_STRIDE_H, 0);
  w->dilation_h = w->dilation_w = 1;
  if (!nn_set_window(p, fb_i8(p->fb, p->options, OPTION_PADDING, 0))) return false;
  if (w->in_c != w->out_c) return nn_refuse(p, "changes the number of channels");
  return nn_set_range(p, fb_i8(p->fb, p->options, OPTION_ACTIVATION, 0));
}

/* Calls for every output with the part of the window that lies in the image. */
static void pool(const struct nn_model* m, const struct nn_op* op, bool average) {
  const struct nn_window* w = &op->window;
  const int8_t* image = nn_data(m, op->inputs[0]);
  int8_t* out = nn_result(m, op->output);
  for (int32_t y = 0; y < w->out_h; y++) {
    const int32_t top = y * w->stride_h - w->pad_top;
    const int32_t y0 = top < 0 ? 0 : top, y1 = top + w->h < w->in_h ? top + w->h : w->in_h;
    for (int32_t x = 0; x < w->out_w; x++) {
      const int32_t left = x * w->stride_w - w->pad_left;
      const int32_t x0 = left < 0 ? 0 : left, x1 = left + w->w < w->in_w ? left + w->w : w->in_w;
      const int32_t count = (y1 - y0) * (x1 - x0);
      for (int32_t c = 0; c < w->in_c; c++) {
        int32_t sum = 0, most = -128;
        for (int32_t i = y0; i < y1; i++) {
          for (int32_t j = x0; j < x1; j++) {
            const int32_t v = image[(i * w->in_w + j) * w->in_c + c];
            sum += v;
            if (v > most) most = v;
          }
        }
        if (average) most = count <= 0 ? 0 : sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
        *out++ = (int8_t)nn_clamp(most, op->low, op->high);
      }
    }
  }
}

static void run_max(const struct nn_model* m, const struct nn_op* op) { pool(m, op, false); }
static void run_average(const struct nn_model* m, const struct nn_op* op) { pool(m, op, true); }

const struct nn_operator nn_max_pool_2d = {17, "MAX_POOL_2D", prepare, run_max};
const struct nn_operator nn_average_pool_2d = {1, "AVERAGE_POOL_2D", prepare, run_average};
