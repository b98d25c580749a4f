#ifndef XEDGESIM_COMMON_CSMA_H
#define XEDGESIM_COMMON_CSMA_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Unslotted CSMA/CA with retransmission, IEEE 802.15.4-2006 sections 7.5.1.4 and 7.5.6.4, as a state machine
 * without a clock: the driver asks for a backoff, waits, assesses the channel, and reports what came of it.
 */
enum {
  CSMA_MIN_BE = 3,            /* macMinBE */
  CSMA_MAX_BE = 5,            /* macMaxBE */
  CSMA_MAX_BACKOFFS = 4,      /* macMaxCSMABackoffs */
  CSMA_MAX_FRAME_RETRIES = 3, /* macMaxFrameRetries */
  CSMA_BACKOFF_US = 320,      /* aUnitBackoffPeriod, 20 symbols */
  CSMA_ACK_WAIT_US = 864,     /* macAckWaitDuration, 54 symbols */
  CSMA_TURNAROUND_US = 192,   /* aTurnaroundTime, 12 symbols */
};

enum csma_next { CSMA_BACK_OFF, CSMA_CHANNEL_ACCESS_FAILURE, CSMA_NO_ACK };

struct csma {
  uint8_t backoffs; /* NB of this attempt */
  uint8_t exponent; /* BE of this attempt */
  uint8_t retries;  /* retransmissions of this frame */
  uint8_t busy;     /* channel assessments of this frame that found it busy */
};

/* A new frame. The next step is a backoff. */
void csma_begin(struct csma* c);

/* Length of the backoff in microseconds, from 32 random bits. */
uint32_t csma_backoff_us(const struct csma* c, uint32_t random);

/* The channel assessment found the channel busy. */
enum csma_next csma_channel_busy(struct csma* c);

/* The frame was sent and no acknowledgement came. */
enum csma_next csma_no_ack(struct csma* c);

#ifdef __cplusplus
}
#endif

#endif
