#ifndef XEDGESIM_COMMON_SETTINGS_H
#define XEDGESIM_COMMON_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Settings of a node, kept in the CUSTOMER words of UICR (0x10001080 + 4 n), which survive a new firmware:
 *
 *   word 0   magic 0x58454447
 *   word 1   bits 0-15 short address, bits 16-31 PAN id
 *   word 2   bits 0-7 channel 11..26, bits 8-15 transmit power in dBm (int8), bits 16-31 gateway short address
 *   word 3   sample rate, Hz
 *   word 4   report interval, ms
 *   word 5   start phase, ms; 0xFFFFFFFF: random within the report interval
 *   word 6   bits 0-15 peer short address (ping); 0 or 0xFFFF: none
 *   word 7   bits 0-7 where the model runs (enum placement, 0xFF: edge), bit 8: adaptive, between that and the
 *            device, bits 16-31 how long to listen for the verdict, ms; 0xFFFF: not at all
 *   word 8   adaptive: bits 0-7 low battery, %, bits 8-15 poor link, %, bits 16-31 deadline, ms; all ones: none
 *   word 9   adaptive: charge of the battery, mC; 0xFFFFFFFF: unknown
 *
 * Without the magic (erased UICR) the defaults below hold and the short address is taken from the factory
 * information. A field out of range is replaced by its default and named in `rejected`. */
enum {
  SETTINGS_MAGIC = 0x58454447,
  SETTINGS_WORDS = 10,

  SETTINGS_DEFAULT_PAN = 0xABCD,
  SETTINGS_DEFAULT_CHANNEL = 26,
  SETTINGS_DEFAULT_TX_POWER_DBM = 0,
  SETTINGS_DEFAULT_GATEWAY = 0x0000,
  SETTINGS_DEFAULT_SAMPLE_RATE_HZ = 1000,
  SETTINGS_DEFAULT_REPORT_INTERVAL_MS = 1000,

  SETTINGS_MIN_SAMPLE_RATE_HZ = 10,
  SETTINGS_MAX_SAMPLE_RATE_HZ = 20000,
  SETTINGS_MIN_REPORT_INTERVAL_MS = 10,
  SETTINGS_MAX_REPORT_INTERVAL_MS = 3600000,
  SETTINGS_MIN_TX_POWER_DBM = -40,
  SETTINGS_MAX_TX_POWER_DBM = 8,
};
#define SETTINGS_RANDOM_PHASE 0xFFFFFFFFu

/* Where the verdict on a window is computed. */
enum placement {
  PLACEMENT_EDGE,   /* features to the edge service */
  PLACEMENT_DEVICE, /* here; the verdict is reported */
  PLACEMENT_CLOUD,  /* features through the edge to the cloud */
  PLACEMENT_HYBRID, /* first layers here, the rest at the edge */
  PLACEMENT_COUNT,
};

enum settings_field {
  SETTINGS_ADDRESS = 1 << 0,
  SETTINGS_PAN = 1 << 1,
  SETTINGS_CHANNEL = 1 << 2,
  SETTINGS_TX_POWER = 1 << 3,
  SETTINGS_SAMPLE_RATE = 1 << 4,
  SETTINGS_REPORT_INTERVAL = 1 << 5,
  SETTINGS_PLACEMENT = 1 << 6,
};

struct settings {
  bool from_uicr;
  uint8_t rejected; /* of enum settings_field */
  uint16_t address, pan_id, gateway;
  uint16_t peer; /* 0: none */
  uint8_t channel;
  int8_t tx_power_dbm;
  uint32_t sample_rate_hz, report_interval_ms;
  uint32_t start_phase_ms; /* or SETTINGS_RANDOM_PHASE */
  uint8_t placement;       /* of enum placement */
  bool adaptive;
  uint16_t verdict_wait_ms;              /* 0: does not listen */
  uint8_t low_battery_pct, poor_link_pct; /* 0: never */
  uint16_t deadline_ms;                  /* 0: none */
  uint32_t battery_mc;                   /* 0: unknown */
};

/* `words` are the CUSTOMER words, `device_id` the low word of a number unique to the chip. */
void settings_decode(const uint32_t words[SETTINGS_WORDS], uint32_t device_id, struct settings* out);

#ifdef __cplusplus
}
#endif

#endif
