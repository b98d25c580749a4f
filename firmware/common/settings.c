#include "common/settings.h"

/* 0xFFFE and 0xFFFF have a meaning of their own in IEEE 802.15.4 (no short address, broadcast). */
static bool is_usable_address(uint16_t address) { return address < 0xFFFE; }

static uint16_t address_of_chip(uint32_t device_id) {
  uint16_t address = (uint16_t)device_id;
  return is_usable_address(address) && address != SETTINGS_DEFAULT_GATEWAY ? address
                                                                           : (uint16_t)(address ^ 0x5A5A);
}

static uint32_t in_range(uint32_t value, uint32_t low, uint32_t high, uint32_t otherwise,
                         enum settings_field field, struct settings* s) {
  if (value >= low && value <= high) return value;
  s->rejected |= (uint8_t)field;
  return otherwise;
}

void settings_decode(const uint32_t words[SETTINGS_WORDS], uint32_t device_id, struct settings* out) {
  *out = (struct settings){
      .address = address_of_chip(device_id),
      .pan_id = SETTINGS_DEFAULT_PAN,
      .gateway = SETTINGS_DEFAULT_GATEWAY,
      .channel = SETTINGS_DEFAULT_CHANNEL,
      .tx_power_dbm = SETTINGS_DEFAULT_TX_POWER_DBM,
      .sample_rate_hz = SETTINGS_DEFAULT_SAMPLE_RATE_HZ,
      .report_interval_ms = SETTINGS_DEFAULT_REPORT_INTERVAL_MS,
      .start_phase_ms = SETTINGS_RANDOM_PHASE,
  };
  if (words[0] != SETTINGS_MAGIC) return;

  out->from_uicr = true;
  out->address = (uint16_t)in_range(words[1] & 0xFFFF, 0, 0xFFFD, out->address, SETTINGS_ADDRESS, out);
  out->pan_id = (uint16_t)in_range(words[1] >> 16, 0, 0xFFFE, out->pan_id, SETTINGS_PAN, out);
  out->channel = (uint8_t)in_range(words[2] & 0xFF, 11, 26, out->channel, SETTINGS_CHANNEL, out);
  int8_t power = (int8_t)(uint8_t)(words[2] >> 8);
  if (power >= SETTINGS_MIN_TX_POWER_DBM && power <= SETTINGS_MAX_TX_POWER_DBM)
    out->tx_power_dbm = power;
  else
    out->rejected |= SETTINGS_TX_POWER;
  out->gateway = (uint16_t)(words[2] >> 16);
  out->sample_rate_hz = in_range(words[3], SETTINGS_MIN_SAMPLE_RATE_HZ, SETTINGS_MAX_SAMPLE_RATE_HZ,
                                 out->sample_rate_hz, SETTINGS_SAMPLE_RATE, out);
  out->report_interval_ms =
      in_range(words[4], SETTINGS_MIN_REPORT_INTERVAL_MS, SETTINGS_MAX_REPORT_INTERVAL_MS,
               out->report_interval_ms, SETTINGS_REPORT_INTERVAL, out);
  out->start_phase_ms = words[5];
  uint8_t placement = (uint8_t)words[7];
  if (placement != 0xFF)
    out->placement = (uint8_t)in_range(placement, 0, PLACEMENT_COUNT - 1, PLACEMENT_EDGE, SETTINGS_PLACEMENT, out);
  out->adaptive = placement != 0xFF && (words[7] & 0x100) != 0;
  out->verdict_wait_ms = (words[7] >> 16) == 0xFFFF ? 0 : (uint16_t)(words[7] >> 16);
  if (words[8] != 0xFFFFFFFFu) {
    out->low_battery_pct = (uint8_t)words[8];
    out->poor_link_pct = (uint8_t)(words[8] >> 8);
    out->deadline_ms = (uint16_t)(words[8] >> 16);
  }
  out->battery_mc = words[9] == 0xFFFFFFFFu ? 0 : words[9];
  uint16_t peer = (uint16_t)words[6];
  out->peer = is_usable_address(peer) ? peer : 0;
}
