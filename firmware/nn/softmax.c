/* int8 SOFTMAX over the last dimension in integers, as the TFLite quantisation specification has it:
 * exponentials in Q0.31 from a polynomial on [-1/4, 0) and the bits above it, a sum in Q12.19, its reciprocal
 * by three steps of Newton and Raphson. Q<n> below has n integer bits and 31 - n fraction bits. */
#include <math.h>

#include "nn/internal.h"

enum { DIFFERENCE_BITS = 5, SUM_BITS = 12, OUTPUT_ZERO = -128 };
enum { OPTION_BETA = 0 };

static bool prepare(struct nn_prepare* p) {
  const struct nn_tensor *in = nn_in(p, 0), *out = nn_out(p);
  if (!nn_check_int8(p, in) || !nn_check_int8(p, out)) return false;
  if (in->elements != out->elements || in->rank == 0)
    return nn_refuse(p, "has shapes that do not fit each other");
  if (out->zero != OUTPUT_ZERO || out->scale != 1.0f / 256.0f)
    return nn_refuse(p, "has an output with another scale than 1/256 or another zero point than -128");
  if (in->dims[in->rank - 1] > 500) return nn_refuse(p, "has more than 500 classes");
  double beta = (double)fb_f32(p->fb, p->options, OPTION_BETA, 1.0f);
  if (!(beta > 0 && beta < 1e6)) return nn_refuse(p, "has a beta that is not positive");
  double real = beta * (double)in->scale * (double)(1 << (31 - DIFFERENCE_BITS));
  if (real > 2147483647.0) real = 2147483647.0;
  p->op->factor[0] = nn_factor_of(real);
  int shift = p->op->factor[0].shift;
  if (shift < 0) return nn_refuse(p, "has inputs of too fine a scale");
  p->op->parameter = -(int32_t)floor((double)((1 << DIFFERENCE_BITS) - 1) *
                                     (double)(1 << (31 - DIFFERENCE_BITS)) / (double)((int64_t)1 << shift));
  return true;
}

static int32_t saturating_add(int32_t a, int32_t b) {
  int64_t v = (int64_t)a + b;
  return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : (int32_t)v;
}

/* exp(a) for a in [-1/4, 0), both Q0: Taylor to the fourth power around -1/8. */
static int32_t exp_quarter(int32_t a) {
  static const int32_t kExpEighth = 1895147668; /* exp(-1/8) */
  static const int32_t kThird = 715827883;      /* 1/3 */
  int32_t x = a + (1 << 28);
  int32_t x2 = nn_high_product(x, x), x3 = nn_high_product(x2, x), x4 = nn_high_product(x2, x2);
  int32_t quarter = nn_rounding_shift(x4, 2);
  int32_t higher = nn_rounding_shift(nn_high_product(quarter + x3, kThird) + x2, 1);
  return saturating_add(kExpEighth, nn_high_product(kExpEighth, x + higher));
}

/* exp(a) for a <= 0 in Q5; the result in Q0. */
static int32_t exp_negative(int32_t a) {
  /* exp(-2^k), k = -2 .. 4 */
  static const int32_t kPowers[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  const int fraction = 31 - DIFFERENCE_BITS;
  const int32_t quarter = 1 << (fraction - 2);
  if (a == 0) return INT32_MAX;
  int32_t below = (a & (quarter - 1)) - quarter;
  int32_t result = exp_quarter(nn_saturating_left(below, DIFFERENCE_BITS));
  int32_t rest = below - a;
  for (int k = 0; k < 7; k++)
    if (rest & ((int32_t)1 << (fraction - 2 + k))) result = nn_high_product(result, kPowers[k]);
  return result;
}

/* 1 / (1 + a) for a in [0, 1), Q0. */
static int32_t one_over_one_plus(int32_t a) {
  static const int32_t k48Over17 = 1515870810, kMinus32Over17 = -1010580540, kOneQ2 = 1 << 29; /* Q2 */
  int32_t half = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
  int32_t x = k48Over17 + nn_high_product(half, kMinus32Over17);
  for (int i = 0; i < 3; i++) {
    int32_t error = kOneQ2 - nn_high_product(half, x);
    x = saturating_add(x, nn_saturating_left(nn_high_product(x, error), 2));
  }
  return nn_saturating_left(x, 1);
}

static int32_t rescaled(const struct nn_op* op, int32_t difference) {
  return nn_high_product(nn_saturating_left(difference, op->factor[0].shift), op->factor[0].multiplier);
}

static void row(const struct nn_op* op, const int8_t* x, int8_t* y, int32_t n) {
  int32_t most = -128, sum = 0;
  for (int32_t i = 0; i < n; i++)
    if (x[i] > most) most = x[i];
  for (int32_t i = 0; i < n; i++)
    if (x[i] - most >= op->parameter)
      sum = saturating_add(sum, nn_rounding_shift(exp_negative(rescaled(op, x[i] - most)), SUM_BITS));
  const int headroom = __builtin_clz((uint32_t)sum); /* sum >= 1 because of the greatest */
  const int32_t scale = one_over_one_plus((int32_t)(((uint32_t)sum << headroom) - ((uint32_t)1 << 31)));
  const int shift = SUM_BITS - headroom + 31 - 8;
  for (int32_t i = 0; i < n; i++) {
    int32_t v = OUTPUT_ZERO;
    if (x[i] - most >= op->parameter)
      v += nn_rounding_shift(nn_high_product(scale, exp_negative(rescaled(op, x[i] - most))), shift);
    y[i] = (int8_t)nn_clamp(v, -128, 127);
  }
}

static void run(const struct nn_model* m, const struct nn_op* op) {
  const struct nn_tensor* in = &m->tensors[op->inputs[0]];
  const int32_t n = in->dims[in->rank - 1];
  const int8_t* x = nn_data(m, op->inputs[0]);
  int8_t* y = nn_result(m, op->output);
  for (int32_t i = 0; i < in->elements; i += n) row(op, x + i, y + i, n);
}

const struct nn_operator nn_softmax = {25, "SOFTMAX", prepare, run};
