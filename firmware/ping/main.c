/* Round trips over IEEE 802.15.4: a node with a peer in its settings (UICR word 6) sends it a ping each
 * second; a node without one answers pings with pongs. */
#include <string.h>

#include "common/bytes.h"
#include "hal/board.h"
#include "hal/console.h"
#include "hal/cpu.h"
#include "hal/device_info.h"
#include "hal/radio802154.h"
#include "hal/rng.h"
#include "hal/systime.h"

enum {
  PING = 1,
  PONG = 2,
  MESSAGE_SIZE = 16, /* kind, three zeros, sequence (32 bits, little-endian), filling */
  PONG_TIMEOUT_MS = 200,
  LINGER_MS = 20,
  STATISTICS_EVERY = 10,
  CCA_THRESHOLD_DBM = -75,
};

struct statistics {
  uint32_t sent, received, retries;
  uint32_t rtt_min_us, rtt_max_us;
  uint64_t rtt_sum_us;
};

static void build_message(uint8_t kind, uint32_t sequence, uint8_t message[MESSAGE_SIZE]) {
  memset(message, 0, MESSAGE_SIZE);
  message[0] = kind;
  put_le32(message + 4, sequence);
  for (unsigned i = 8; i < MESSAGE_SIZE; i++) message[i] = (uint8_t)(sequence + i);
}

static bool is_message(const struct radio_frame* f, uint8_t kind) {
  return f->length == MESSAGE_SIZE && f->payload[0] == kind;
}

static const char* status_name(enum radio_tx_status status) {
  switch (status) {
    case RADIO_TX_OK:
      return "ok";
    case RADIO_TX_CHANNEL_ACCESS_FAILURE:
      return "channel busy";
    case RADIO_TX_NO_ACK:
      return "no ack";
    case RADIO_TX_TOO_LONG:
      return "too long";
  }
  return "?";
}

static void respond(void) {
  radio_on();
  radio_listen(true);
  for (;;) {
    struct radio_frame f;
    while (!radio_receive(&f)) cpu_wait_for_event();
    if (!is_message(&f, PING)) continue;
    uint8_t message[MESSAGE_SIZE];
    uint32_t sequence = get_le32(f.payload + 4);
    build_message(PONG, sequence, message);
    struct radio_tx_report tx;
    enum radio_tx_status status = radio_send(f.source, message, sizeof message, true, &tx);
    console_printf("ping seq=%lu from 0x%04x lqi=%u answered: %s, %u retries\n", sequence, f.source, f.lqi,
                   status_name(status), tx.retries);
  }
}

static bool await_pong(uint16_t peer, uint32_t sequence, struct radio_frame* f) {
  uint64_t deadline = systime_ticks() + systime_from_ms(PONG_TIMEOUT_MS);
  while (systime_ticks() < deadline) {
    while (radio_receive(f)) {
      if (is_message(f, PONG) && f->source == peer && get_le32(f->payload + 4) == sequence) return true;
    }
    systime_wake_at(deadline);
    cpu_wait_for_event();
  }
  return false;
}

static void exchange(uint16_t peer, uint32_t sequence, struct statistics* s) {
  uint8_t message[MESSAGE_SIZE];
  build_message(PING, sequence, message);
  radio_on();
  radio_listen(true);
  uint32_t start = radio_time_us();
  struct radio_tx_report tx;
  struct radio_frame f;
  enum radio_tx_status status = radio_send(peer, message, sizeof message, true, &tx);
  bool answered = await_pong(peer, sequence, &f);
  /* The pong's acknowledgement may have been lost: stay for its repetitions. */
  if (answered) systime_sleep_ms(LINGER_MS);
  radio_off();

  s->sent++;
  s->retries += tx.retries;
  if (!answered) {
    console_printf("ping seq=%lu to 0x%04x: no answer (%s, %u retries)\n", sequence, peer,
                   status_name(status), tx.retries);
    return;
  }
  uint32_t rtt = f.time_us - start;
  s->received++;
  s->rtt_sum_us += rtt;
  if (rtt < s->rtt_min_us) s->rtt_min_us = rtt;
  if (rtt > s->rtt_max_us) s->rtt_max_us = rtt;
  console_printf("pong seq=%lu from 0x%04x rtt=%lu us lqi=%u retries=%u\n", sequence, peer, rtt, f.lqi,
                 tx.retries);
}

static void ask(uint16_t peer) {
  struct statistics s = {.rtt_min_us = UINT32_MAX};
  uint64_t next = systime_ticks();
  for (uint32_t sequence = 0;; sequence++) {
    next += SYSTIME_HZ;
    systime_sleep_until(next);
    exchange(peer, sequence, &s);
    if (s.sent % STATISTICS_EVERY != 0) continue;
    if (s.received > 0)
      console_printf("statistics: sent %lu received %lu retries %lu rtt min/avg/max %lu/%lu/%lu us\n", s.sent,
                     s.received, s.retries, s.rtt_min_us, (uint32_t)(s.rtt_sum_us / s.received),
                     s.rtt_max_us);
    else
      console_printf("statistics: sent %lu received 0 retries %lu\n", s.sent, s.retries);
  }
}

int main(void) {
  board_init();
  struct settings settings;
  device_settings(&settings);
  radio_init(&(struct radio_config){
      .address = settings.address,
      .pan_id = settings.pan_id,
      .channel = settings.channel,
      .tx_power_dbm = settings.tx_power_dbm,
      .cca = RADIO_CCA_MODE_ENERGY,
      .cca_threshold_dbm = CCA_THRESHOLD_DBM,
      .seed = rng_bits(),
  });
  console_printf("xedgesim ping build %08lx address 0x%04x pan 0x%04x channel %u power %d dBm\n",
                 device_build_id(), settings.address, settings.pan_id, settings.channel,
                 settings.tx_power_dbm);
  if (settings.peer != 0) {
    console_printf("pinging 0x%04x each second\n", settings.peer);
    ask(settings.peer);
  } else {
    console_printf("answering pings\n");
    respond();
  }
}
