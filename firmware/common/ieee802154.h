#ifndef XEDGESIM_COMMON_IEEE802154_H
#define XEDGESIM_COMMON_IEEE802154_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Frames of IEEE 802.15.4-2006 (section 7.2) with short addresses inside one PAN. An MPDU here is a frame
 * without its FCS, which the radio adds and checks. */
enum {
  IEEE802154_MAX_PSDU = 127,
  IEEE802154_FCS_SIZE = 2,
  IEEE802154_MAX_MPDU = IEEE802154_MAX_PSDU - IEEE802154_FCS_SIZE,
  IEEE802154_DATA_HEADER_SIZE = 9, /* control, sequence, PAN, destination, source */
  IEEE802154_MAX_PAYLOAD = IEEE802154_MAX_MPDU - IEEE802154_DATA_HEADER_SIZE,
  IEEE802154_ACK_SIZE = 3,
  IEEE802154_BROADCAST = 0xFFFF,
};

enum ieee802154_type {
  IEEE802154_TYPE_BEACON = 0,
  IEEE802154_TYPE_DATA = 1,
  IEEE802154_TYPE_ACK = 2,
  IEEE802154_TYPE_COMMAND = 3,
};

struct ieee802154_data {
  bool ack_requested;
  uint8_t sequence;
  uint16_t pan_id, destination, source;
  const uint8_t* payload; /* inside the MPDU */
  size_t payload_length;
};

/* Writes a data frame and returns its length; `mpdu` has room for IEEE802154_MAX_MPDU bytes. 0 when the
 * payload is too long. */
size_t ieee802154_build_data(const struct ieee802154_data* frame, uint8_t* mpdu);

/* Takes a data frame with short addresses and PAN id compression apart. False for anything else. */
bool ieee802154_parse_data(const uint8_t* mpdu, size_t length, struct ieee802154_data* out);

void ieee802154_build_ack(uint8_t sequence, uint8_t mpdu[IEEE802154_ACK_SIZE]);
bool ieee802154_is_ack(const uint8_t* mpdu, size_t length, uint8_t sequence);

/* Airtime of an MPDU with its FCS in microseconds: preamble, start delimiter and length take 6 bytes of 32
 * us. */
static inline uint32_t ieee802154_airtime_us(size_t mpdu_length) {
  return 32u * (6u + (uint32_t)mpdu_length + IEEE802154_FCS_SIZE);
}

#ifdef __cplusplus
}
#endif

#endif
