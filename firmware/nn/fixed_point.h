#ifndef XEDGESIM_NN_FIXED_POINT_H
#define XEDGESIM_NN_FIXED_POINT_H

#include <stdint.h>

/* A positive real factor as multiplier * 2^(shift - 31), multiplier in [2^30, 2^31). */
struct nn_factor {
  int32_t multiplier;
  int32_t shift; /* -31 .. 30 */
};

/* Nearest such factor; zero when `real` is too small, the greatest when too large. `real` >= 0 and finite. */
struct nn_factor nn_factor_of(double real);

/* round(a * b / 2^31), halves away from zero towards +infinity for negative results as TFLite has it;
 * saturates the one overflow. */
static inline int32_t nn_high_product(int32_t a, int32_t b) {
  if (a == b && a == INT32_MIN) return INT32_MAX;
  int64_t product = (int64_t)a * b;
  int64_t nudge = product >= 0 ? (int64_t)1 << 30 : 1 - ((int64_t)1 << 30);
  return (int32_t)((product + nudge) / ((int64_t)1 << 31));
}

/* round(x / 2^exponent), halves away from zero; exponent 0 .. 31. */
static inline int32_t nn_rounding_shift(int32_t x, int exponent) {
  int32_t mask = (int32_t)(((int64_t)1 << exponent) - 1);
  int32_t remainder = x & mask;
  int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

/* x * 2^bits, saturated. */
static inline int32_t nn_saturating_left(int32_t x, int bits) {
  int64_t v = (int64_t)x * ((int64_t)1 << bits);
  return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : (int32_t)v;
}

static inline int32_t nn_scale(int32_t x, struct nn_factor f) {
  int left = f.shift > 0 ? f.shift : 0;
  int right = f.shift > 0 ? 0 : -f.shift;
  return nn_rounding_shift(nn_high_product(left ? nn_saturating_left(x, left) : x, f.multiplier), right);
}

static inline int32_t nn_clamp(int32_t v, int32_t low, int32_t high) {
  return v < low ? low : v > high ? high : v;
}

/* v + zero within [low, high] (all three int8): clamped first, because v may be anywhere in 32 bits. */
static inline int8_t nn_to_int8(int32_t v, int32_t zero, int32_t low, int32_t high) {
  return (int8_t)(nn_clamp(v, low - zero, high - zero) + zero);
}

/* Nearest integer, halves away from zero, saturated to int32; `x` finite. */
int32_t nn_round(double x);
/* The same in single precision, saturated to +-2^24; 0 for no number. */
int32_t nn_round_float(float x);

#endif
