#include "common/csma.h"

static void begin_attempt(struct csma* c) {
  c->backoffs = 0;
  c->exponent = CSMA_MIN_BE;
}

void csma_begin(struct csma* c) {
  *c = (struct csma){0};
  begin_attempt(c);
}

uint32_t csma_backoff_us(const struct csma* c, uint32_t random) {
  /* The high bits: they are the better ones of a simple generator. */
  return (random >> (32 - c->exponent)) * CSMA_BACKOFF_US;
}

enum csma_next csma_channel_busy(struct csma* c) {
  c->busy++;
  c->backoffs++;
  if (c->backoffs > CSMA_MAX_BACKOFFS) return CSMA_CHANNEL_ACCESS_FAILURE;
  if (c->exponent < CSMA_MAX_BE) c->exponent++;
  return CSMA_BACK_OFF;
}

enum csma_next csma_no_ack(struct csma* c) {
  if (c->retries == CSMA_MAX_FRAME_RETRIES) return CSMA_NO_ACK;
  c->retries++;
  begin_attempt(c);
  return CSMA_BACK_OFF;
}
