#ifndef XEDGESIM_COMMON_REPORT_H
#define XEDGESIM_COMMON_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "common/features.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What vib_sensor publishes, one report an interval. On the wire, little-endian:
 *
 *   offset  size
 *        0     1  version, 1
 *        1     1  flags, of enum report_flag
 *        2     2  sequence: number of the report, from 0, counting lost ones; wraps
 *        4     4  window_end_ms: device time of the window's last sample
 *        8     2  battery_mv: supply voltage
 *       10     1  tx_retries: retransmissions that the previous report took
 *       11     1  bits 0-3 where the verdict is computed (enum placement), bits 4-7 why (enum placement_reason)
 *       12    32  features[16], int16 Q8.8
 */
enum {
  REPORT_VERSION = 1,
  REPORT_HEAD_SIZE = 12,
  REPORT_SIZE = REPORT_HEAD_SIZE + 2 * FEATURE_COUNT,
  REPORT_TOPIC_ID = 1, /* predefined MQTT-SN topic */
};

enum report_flag {
  REPORT_FLAG_FIRST = 1 << 0,                /* first report since the device started */
  REPORT_FLAG_WINDOWS_LOST = 1 << 1,         /* windows were overwritten since the previous report */
  REPORT_FLAG_DEFAULT_SETTINGS = 1 << 2,     /* UICR holds no settings */
  REPORT_FLAG_PREVIOUS_UNDELIVERED = 1 << 3, /* the previous report was given up */
};

struct report {
  uint8_t flags;
  uint16_t sequence;
  uint32_t window_end_ms;
  uint16_t battery_mv;
  uint8_t tx_retries;
  uint8_t placement; /* byte 11 */
  int16_t features[FEATURE_COUNT];
};

/* The first REPORT_HEAD_SIZE bytes only. */
void report_encode_head(const struct report* report, uint8_t out[REPORT_HEAD_SIZE]);
/* Writes REPORT_SIZE bytes and returns that number. */
size_t report_encode(const struct report* report, uint8_t out[REPORT_SIZE]);

#ifdef __cplusplus
}
#endif

#endif
