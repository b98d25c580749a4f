#ifndef XEDGESIM_NN_DOT_H
#define XEDGESIM_NN_DOT_H

#include <stdint.h>
#include <string.h>

/* Sums of products of int8 vectors, the inner loop of every dense layer: two rows of weights against one
 * input, so that each word of the input is loaded and widened once for both. */

#ifdef __ARM_FEATURE_DSP

static inline uint32_t nn_word(const int8_t* p) {
  uint32_t w;
  memcpy(&w, p, 4); /* one LDR: unaligned loads are allowed */
  return w;
}
static inline uint32_t nn_even(uint32_t w) {
  uint32_t r;
  __asm__("sxtb16 %0, %1" : "=r"(r) : "r"(w));
  return r;
}
static inline uint32_t nn_odd(uint32_t w) {
  uint32_t r;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(w));
  return r;
}
static inline int32_t nn_smlad(uint32_t a, uint32_t b, int32_t sum) {
  int32_t r;
  __asm__("smlad %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(sum));
  return r;
}

static inline void nn_dot2(const int8_t* x, const int8_t* a, const int8_t* b, int32_t n, int32_t* sum_a,
                           int32_t* sum_b) {
  int32_t sa = *sum_a, sb = *sum_b, i = 0;
  for (; i + 4 <= n; i += 4) {
    uint32_t xw = nn_word(x + i), aw = nn_word(a + i), bw = nn_word(b + i);
    uint32_t even = nn_even(xw), odd = nn_odd(xw);
    sa = nn_smlad(even, nn_even(aw), sa);
    sa = nn_smlad(odd, nn_odd(aw), sa);
    sb = nn_smlad(even, nn_even(bw), sb);
    sb = nn_smlad(odd, nn_odd(bw), sb);
  }
  for (; i < n; i++) {
    sa += x[i] * a[i];
    sb += x[i] * b[i];
  }
  *sum_a = sa;
  *sum_b = sb;
}

static inline int32_t nn_dot(const int8_t* x, const int8_t* a, int32_t n, int32_t sum) {
  int32_t i = 0;
  for (; i + 4 <= n; i += 4) {
    uint32_t xw = nn_word(x + i), aw = nn_word(a + i);
    sum = nn_smlad(nn_even(xw), nn_even(aw), sum);
    sum = nn_smlad(nn_odd(xw), nn_odd(aw), sum);
  }
  for (; i < n; i++) sum += x[i] * a[i];
  return sum;
}

#else

static inline int32_t nn_dot(const int8_t* x, const int8_t* a, int32_t n, int32_t sum) {
  for (int32_t i = 0; i < n; i++) sum += x[i] * a[i];
  return sum;
}

static inline void nn_dot2(const int8_t* x, const int8_t* a, const int8_t* b, int32_t n, int32_t* sum_a,
                           int32_t* sum_b) {
  *sum_a = nn_dot(x, a, n, *sum_a);
  *sum_b = nn_dot(x, b, n, *sum_b);
}

#endif
#endif
