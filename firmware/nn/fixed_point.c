#include "nn/fixed_point.h"

#include <math.h>

struct nn_factor nn_factor_of(double real) {
  struct nn_factor f = {0, 0};
  if (!(real > 0)) return f;
  int exponent;
  double mantissa = frexp(real, &exponent); /* [0.5, 1) */
  int64_t fixed = (int64_t)(mantissa * 2147483648.0 + 0.5);
  if (fixed == (int64_t)1 << 31) {
    fixed /= 2;
    exponent++;
  }
  if (exponent < -31) return f;
  if (exponent > 30) {
    f.multiplier = INT32_MAX;
    f.shift = 30;
    return f;
  }
  f.multiplier = (int32_t)fixed;
  f.shift = exponent;
  return f;
}

int32_t nn_round(double x) {
  double r = x < 0 ? -floor(0.5 - x) : floor(x + 0.5);
  return r >= 2147483647.0 ? INT32_MAX : r <= -2147483648.0 ? INT32_MIN : (int32_t)r;
}

int32_t nn_round_float(float x) {
  const float limit = 16777216.0f;
  if (!(x > -limit)) return x != x ? 0 : -(1 << 24);
  if (x >= limit) return 1 << 24;
  int32_t whole = (int32_t)x;
  float rest = x - (float)whole;
  return whole + (rest >= 0.5f ? 1 : rest <= -0.5f ? -1 : 0);
}
