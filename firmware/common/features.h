#ifndef XEDGESIM_FIRMWARE_FEATURES_H
#define XEDGESIM_FIRMWARE_FEATURES_H

/* Vibration features for bearing diagnosis. The same C is linked into the firmware and, as a shared library,
 * into the training script: only IEEE single precision +, -, *, / and sqrt and integer arithmetic are used,
 * so that with -ffp-contract=off both give the same bits.
 *
 * Limits: fault lines are searched in fixed bands around those of a 9-ball bearing (6205 geometry) on a shaft
 * of 29 Hz +-4 %; other machines need other bands. Not reentrant (static scratch of about 5 KiB, no heap). */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FEATURE_COUNT 16

/* At most this many samples are looked at; later ones are ignored. */
#define FEATURES_MAX_SAMPLES 1024u

/* Indices of out[]. "log2" values have a floor of 2^-20 added to their argument; every value is within +-64,
 * so Q8.8 in an int16 (features_to_q8) never clips. Powers are in squared codes. */
enum feature {
  FEATURE_RMS,          /* log2 of the standard deviation, codes */
  FEATURE_PEAK,         /* log2 of the greatest distance from the mean rounded to a code */
  FEATURE_CREST,        /* peak / RMS */
  FEATURE_KURTOSIS,     /* log2 of the fourth standardised moment (3 for noise) */
  FEATURE_SKEWNESS,     /* third standardised moment */
  FEATURE_BAND_SHAFT,   /* log2 power 10-95 Hz: shaft harmonics */
  FEATURE_BAND_LOW,     /* log2 power 95-225 Hz */
  FEATURE_BAND_MIDDLE,  /* log2 power 225-330 Hz */
  FEATURE_BAND_HIGH,    /* log2 power 330-480 Hz */
  FEATURE_MODULATION,   /* log2 of squared envelope power 5-225 Hz / its mean squared (as the next six) */
  FEATURE_LINE_CAGE,    /* log2 of the strongest envelope line 10-13 Hz: cage */
  FEATURE_LINE_SHAFT,   /* 27-31 Hz: shaft */
  FEATURE_LINE_OUTER,   /* 99-109 Hz: ball pass frequency, outer race */
  FEATURE_LINE_OUTER_2, /* 199-217 Hz: its second harmonic */
  FEATURE_LINE_BALL,    /* 131-143 Hz: twice the ball spin frequency */
  FEATURE_LINE_INNER    /* 150-164 Hz: ball pass frequency, inner race */
};

/* `samples`: SAADC codes of 12 bits. The offset does not matter, the scale does: the trained models expect a
 * full scale of 3.0 V (internal reference 0.6 V, gain 1/5), 2048 at rest. `rate_hz`: samples a second; the
 * envelope filter is centred on rate/3. Fewer than 16 samples, or a constant signal, give finite values too.
 */
void features_compute(const int16_t* samples, size_t n, uint32_t rate_hz, float out[FEATURE_COUNT]);

/* Nearest Q8.8 (value * 256), halves away from zero, saturated: the form in which a report carries a feature.
 */
int16_t features_to_q8(float value);

#ifdef __cplusplus
}
#endif
#endif
