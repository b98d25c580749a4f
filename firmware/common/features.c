#include "features.h"

#include <math.h>
#include <string.h>

#include "features_table.h"

enum { kFrame = 256, kHalf = kFrame / 2, kTaps = 11, kMaxEnvelope = FEATURES_MAX_SAMPLES / 2 };

typedef struct {
  float re, im;
} complex_t;

static complex_t fft_[kFrame];
static float envelope_[kMaxEnvelope];
static float raw_power_[kHalf];
static float envelope_power_[kHalf];

static inline float cosine(unsigned i) { return kSine[i + kFrame / 4]; }
static inline float sine(unsigned i) { return kSine[i]; }

/* log2(x + 2^-20): exponent from the bits, mantissa by a minimax polynomial (error < 1e-5). */
static float log2_floor(float x) {
  uint32_t bits;
  x += 0x1p-20f;
  memcpy(&bits, &x, sizeof bits);
  const int32_t exponent = (int32_t)(bits >> 23) - 127;
  bits = (bits & 0x7fffffu) | 0x3f800000u;
  float m;
  memcpy(&m, &bits, sizeof m);
  m -= 1.0f;
  const float p =
      m *
      (1.44265938f + m * (-0.719387092f +
                          m * (0.461588186f + m * (-0.283246401f + m * (0.124658515f + m * -0.026272589f)))));
  return (float)exponent + p;
}

static float clamp(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

/* Mean and central moments. The sums are exact integers around `pivot`, the mean rounded to a code; `peak` is
 * the greatest distance from it. */
typedef struct {
  float mean, variance, third, fourth, peak;
} moments_t;

static moments_t moments(const int16_t* samples, unsigned n) {
  int32_t sum = 0;
#pragma GCC unroll 4
  for (unsigned i = 0; i < n; ++i) sum += samples[i];
  const int32_t pivot = sum / (int32_t)n;

  uint32_t top = 0;
  uint64_t s2 = 0, s4 = 0;
  int64_t s3 = 0;
#pragma GCC unroll 4
  for (unsigned i = 0; i < n; ++i) {
    const int32_t d = samples[i] - pivot;
    const uint32_t square = (uint32_t)d * (uint32_t)d;
    s2 += square;
    s3 += (int64_t)(int32_t)square * d;
    s4 += (uint64_t)square * square;
    if (square > top) top = square;
  }
  const float scale = 1.0f / (float)n, m = (float)(sum - pivot * (int32_t)n) * scale;
  const float m2 = (float)s2 * scale, m3 = (float)s3 * scale, m4 = (float)s4 * scale;
  moments_t r;
  r.mean = (float)pivot + m;
  r.variance = m2 - m * m;
  r.third = m3 - 3.0f * m * m2 + 2.0f * m * m * m;
  r.fourth = m4 - 4.0f * m * m3 + 6.0f * m * m * m2 - 3.0f * m * m * m * m;
  if (r.variance < 0.0f) r.variance = 0.0f;
  r.peak = sqrtf((float)top);
  return r;
}

/* Squared envelope of the band around rate/3, at half the rate: a complex band-pass (11-tap low-pass moved to
 * a third of the rate, where its carrier takes three values only) whose squared magnitude is kept. The
 * low-pass is 43 34 16 0 -5 -2 (one side, /128): -3 dB near 0.11 rate, and no response to a constant. Returns
 * the count. */
static unsigned squared_envelope(const int16_t* samples, unsigned n, float scale) {
  const unsigned count = (n - kTaps + 1) / 2;
  const int16_t* x = samples + kTaps / 2;

  for (unsigned i = 0; i < count; ++i, x += 2) {
    const int32_t one = 34 * x[1] + 16 * x[-2] - 5 * x[4] - 2 * x[-5];
    const int32_t two = 34 * x[-1] + 16 * x[2] - 5 * x[-4] - 2 * x[5];
    const float real = (float)(86 * x[0] - one - two);
    const float imaginary = (float)(one - two);
    envelope_[i] = scale * (real * real + 3.0f * (imaginary * imaginary));
  }
  return count;
}

/* One radix-4 butterfly of a decimation in frequency: x[0], x[q], x[2q], x[3q] with twiddles of step*j. */
static inline __attribute__((always_inline)) void butterfly(complex_t* x, unsigned q, unsigned turn) {
  const complex_t a = x[0], b = x[q], c = x[2 * q], d = x[3 * q];
  const complex_t ac = {a.re + c.re, a.im + c.im}, a_c = {a.re - c.re, a.im - c.im};
  const complex_t bd = {b.re + d.re, b.im + d.im}, b_d = {b.re - d.re, b.im - d.im};
  const complex_t y1 = {a_c.re + b_d.im, a_c.im - b_d.re};
  const complex_t y2 = {ac.re - bd.re, ac.im - bd.im};
  const complex_t y3 = {a_c.re - b_d.im, a_c.im + b_d.re};
  x[0].re = ac.re + bd.re;
  x[0].im = ac.im + bd.im;
  if (turn == 0) {
    x[q] = y1;
    x[2 * q] = y2;
    x[3 * q] = y3;
    return;
  }
  const float c1 = cosine(turn), s1 = sine(turn), c2 = cosine(2 * turn), s2 = sine(2 * turn);
  const float c3 = cosine(3 * turn), s3 = sine(3 * turn);
  x[q].re = y1.re * c1 + y1.im * s1;
  x[q].im = y1.im * c1 - y1.re * s1;
  x[2 * q].re = y2.re * c2 + y2.im * s2;
  x[2 * q].im = y2.im * c2 - y2.re * s2;
  x[3 * q].re = y3.re * c3 + y3.im * s3;
  x[3 * q].im = y3.im * c3 - y3.re * s3;
}

/* In place, output in base-4 digit-reversed order. */
static void fft(void) {
  for (unsigned q = kFrame / 4, step = 1; q > 1; q /= 4, step *= 4) {
    for (unsigned base = 0; base < kFrame; base += 4 * q) butterfly(fft_ + base, q, 0);
    for (unsigned j = 1; j < q; ++j)
      for (unsigned base = j; base < kFrame; base += 4 * q) butterfly(fft_ + base, q, j * step);
  }
  for (unsigned base = 0; base < kFrame; base += 4) butterfly(fft_ + base, 1, 0);
}

/* Adds the power spectra of a frame of samples (as real part) and one of the envelope (as imaginary part):
 * two real transforms for the price of one complex. */
static void add_spectra(const int16_t* raw, unsigned raw_count, float mean, const float* envelope,
                        unsigned envelope_count) {
  const unsigned common = raw_count < envelope_count ? raw_count : envelope_count;
  unsigned i = 0;
#pragma GCC unroll 4
  for (; i < common; ++i) {
    const float window = kHann[i];
    fft_[i].re = window * ((float)raw[i] - mean);
    fft_[i].im = window * envelope[i];
  }
  for (; i < kFrame; ++i) {
    fft_[i].re = i < raw_count ? kHann[i] * ((float)raw[i] - mean) : 0.0f;
    fft_[i].im = 0.0f;
  }
  fft();
  for (unsigned k = 0; k < kHalf; ++k) {
    const complex_t z = fft_[kReversed[k]], w = fft_[kReversed[(kFrame - k) % kFrame]];
    const float a = z.re + w.re, b = z.im - w.im, c = z.im + w.im, d = z.re - w.re;
    raw_power_[k] += a * a + b * b;
    envelope_power_[k] += c * c + d * d;
  }
}

/* Bins of a band, clipped to the spectrum; rate is that of the transformed signal. */
typedef struct {
  unsigned first, last;
} bins_t;

static bins_t bins(uint32_t low_hz, uint32_t high_hz, uint32_t rate_hz) {
  bins_t r = {low_hz * kFrame / rate_hz, (high_hz * kFrame + rate_hz - 1) / rate_hz};
  if (r.first > kHalf - 1) r.first = kHalf - 1;
  if (r.last > kHalf - 1) r.last = kHalf - 1;
  return r;
}

static float band_sum(const float* power, uint32_t low_hz, uint32_t high_hz, uint32_t rate_hz) {
  const bins_t b = bins(low_hz, high_hz, rate_hz);
  float sum = 0.0f;
  for (unsigned k = b.first; k <= b.last; ++k) sum += power[k];
  return sum;
}

static float band_peak(const float* power, uint32_t low_hz, uint32_t high_hz, uint32_t rate_hz) {
  const bins_t b = bins(low_hz, high_hz, rate_hz);
  float peak = 0.0f;
  for (unsigned k = b.first; k <= b.last; ++k)
    if (power[k] > peak) peak = power[k];
  return peak;
}

void features_compute(const int16_t* samples, size_t n, uint32_t rate_hz, float out[FEATURE_COUNT]) {
  for (unsigned i = 0; i < FEATURE_COUNT; ++i) out[i] = 0.0f;
  if (n < 16 || rate_hz == 0) return;
  const unsigned count = n > FEATURES_MAX_SAMPLES ? FEATURES_MAX_SAMPLES : (unsigned)n;

  const moments_t m = moments(samples, count);
  const float variance = m.variance + 0x1p-20f;
  const float rms = sqrtf(variance);
  out[FEATURE_RMS] = log2_floor(rms);
  out[FEATURE_PEAK] = log2_floor(m.peak);
  out[FEATURE_CREST] = clamp(m.peak / rms, 0.0f, 32.0f);
  out[FEATURE_KURTOSIS] = log2_floor(clamp(m.fourth / (variance * variance), 0.0f, 1024.0f));
  out[FEATURE_SKEWNESS] = clamp(m.third / (variance * rms), -32.0f, 32.0f);

  /* Scaled so that both parts of the complex transform have about the same size. */
  const unsigned envelope_count = squared_envelope(samples, count, 0x1p-16f / rms);
  memset(raw_power_, 0, sizeof raw_power_);
  memset(envelope_power_, 0, sizeof envelope_power_);
  const unsigned raw_frame = count < kFrame ? count : kFrame;
  const unsigned envelope_frame = envelope_count < kFrame ? envelope_count : kFrame;
  add_spectra(samples, raw_frame, m.mean, envelope_, envelope_frame);
  add_spectra(samples + count - raw_frame, raw_frame, m.mean, envelope_ + envelope_count - envelope_frame,
              envelope_frame);

  /* One-sided power of a Hann-windowed frame, mean of two frames, each counted four-fold above. */
  const float scale = 2.0f / (4.0f * 2.0f * 0.375f * (float)kFrame * (float)kFrame);
  out[FEATURE_BAND_SHAFT] = log2_floor(scale * band_sum(raw_power_, 10, 95, rate_hz));
  out[FEATURE_BAND_LOW] = log2_floor(scale * band_sum(raw_power_, 95, 225, rate_hz));
  out[FEATURE_BAND_MIDDLE] = log2_floor(scale * band_sum(raw_power_, 225, 330, rate_hz));
  out[FEATURE_BAND_HIGH] = log2_floor(scale * band_sum(raw_power_, 330, 480, rate_hz));

  const uint32_t rate = rate_hz / 2 > 0 ? rate_hz / 2 : 1;
  const float relative = 1.0f / (envelope_power_[0] + 0x1p-20f);
  out[FEATURE_MODULATION] = log2_floor(relative * band_sum(envelope_power_, 5, 225, rate));
  out[FEATURE_LINE_CAGE] = log2_floor(relative * band_peak(envelope_power_, 10, 13, rate));
  out[FEATURE_LINE_SHAFT] = log2_floor(relative * band_peak(envelope_power_, 27, 31, rate));
  out[FEATURE_LINE_OUTER] = log2_floor(relative * band_peak(envelope_power_, 99, 109, rate));
  out[FEATURE_LINE_OUTER_2] = log2_floor(relative * band_peak(envelope_power_, 199, 217, rate));
  out[FEATURE_LINE_BALL] = log2_floor(relative * band_peak(envelope_power_, 131, 143, rate));
  out[FEATURE_LINE_INNER] = log2_floor(relative * band_peak(envelope_power_, 150, 164, rate));
}

int16_t features_to_q8(float value) {
  const float scaled = value * 256.0f;
  if (scaled >= 32767.0f) return 32767;
  if (scaled <= -32768.0f) return -32768;
  return (int16_t)(scaled < 0.0f ? scaled - 0.5f : scaled + 0.5f);
}
