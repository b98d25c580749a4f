#ifndef XEDGESIM_HAL_RADIO802154_H
#define XEDGESIM_HAL_RADIO802154_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ieee802154.h"

/* IEEE 802.15.4 on the RADIO peripheral: unslotted CSMA/CA with retransmission, reception with address filter
 * and automatic acknowledgement. The CPU sleeps through backoffs, assessments, frames and acknowledgements:
 * TIMER3 starts the radio through PPI and the radio's shortcuts carry it from the assessment to the end of
 * the frame. Uses RADIO, TIMER3 and the PPI channels named for it. All functions are for thread mode. */

enum radio_cca { RADIO_CCA_MODE_ENERGY = 1, RADIO_CCA_MODE_CARRIER = 2 }; /* CCA modes of the standard */

struct radio_config {
  uint16_t address, pan_id;
  uint8_t channel;     /* 11..26 */
  int8_t tx_power_dbm; /* taken down to the next of -40, -20, -16, -12, -8, -4, 0, 2..8 */
  enum radio_cca cca;
  int8_t cca_threshold_dbm; /* for RADIO_CCA_MODE_ENERGY */
  uint32_t seed;            /* of backoffs and of the first sequence number */
};

enum radio_tx_status { RADIO_TX_OK, RADIO_TX_CHANNEL_ACCESS_FAILURE, RADIO_TX_NO_ACK, RADIO_TX_TOO_LONG };

struct radio_tx_report {
  uint8_t retries; /* retransmissions */
  uint8_t busy;    /* assessments that found the channel busy */
};

struct radio_frame {
  uint16_t source, destination;
  uint8_t sequence;
  uint8_t lqi;      /* link quality, 0..255 */
  uint32_t time_us; /* radio_time_us() at the end of the frame */
  uint8_t length;
  uint8_t payload[IEEE802154_MAX_PAYLOAD];
};

void radio_init(const struct radio_config* config);

/* The radio runs, and its time counts, between radio_on() and radio_off(): the 32 MHz crystal is on that
 * long. */
void radio_on(void);
void radio_off(void);

/* Sends a data frame inside the PAN and sleeps until its fate is known: acknowledged, when that was asked
 * for, or sent. Broadcasts are never acknowledged. A receiver that was on pauses meanwhile. `report` may be
 * null. */
enum radio_tx_status radio_send(uint16_t destination, const uint8_t* payload, size_t length, bool request_ack,
                                struct radio_tx_report* report);

/* Receiver on or off. Frames for this node are acknowledged if they ask for it, freed of repetitions and
 * queued; when the queue is full they are dropped without acknowledgement. */
void radio_listen(bool on);

/* Takes the oldest frame of the queue; false when there is none. An interrupt precedes each new frame, so a
 * caller may sleep with cpu_wait_for_event() in between. */
bool radio_receive(struct radio_frame* out);

/* Microseconds since radio_on(), wrapping. */
uint32_t radio_time_us(void);

#endif
