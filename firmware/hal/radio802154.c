#include "radio802154.h"

#include "clock.h"
#include "common/csma.h"
#include "common/random.h"
#include "cpu.h"
#include "nrf52840.h"
#include "ppi.h"

enum {
  RAMP_UP_US = 40,      /* disabled to transmitting or receiving, fast ramp-up */
  SHORTEST_LEAD_US = 4, /* a compare value nearer than this may already have passed when it is written */
  ED_OFFSET_DBM = -92,  /* energy detector: 0 means -92 dBm, one step is one dB */
  CCA_CORRELATOR = 0x052D0000, /* reset values of the carrier sense threshold and count */
  QUEUE_SIZE = 4,
  NEIGHBOURS = 8,
};

/* Compare and capture registers of TIMER3. */
enum { CC_START, CC_TX_END, CC_RX_END, CC_NOW, CC_ACK_TIMEOUT };

/* A packet as EasyDMA sees it: the length counts the FCS, which is not in RAM. After a received packet stands
 * the link quality. */
struct packet {
  uint8_t length;
  uint8_t mpdu[IEEE802154_MAX_PSDU + 1];
};

enum phase {
  PHASE_IDLE,     /* radio disabled */
  PHASE_SEND,     /* backoff, assessment and frame */
  PHASE_ACK_WAIT, /* receiving, for the acknowledgement only */
  PHASE_LISTEN,
  PHASE_SEND_ACK,
};

static volatile enum phase phase;
static volatile bool listening; /* the receiver is wanted when nothing else is on */
static volatile bool pausing;   /* the receiver is to end in PHASE_IDLE */
static volatile bool ack_timed_out;

static struct packet tx_packet, rx_packet, ack_packet;
static struct csma csma;
static bool tx_wants_ack;
static volatile bool tx_done;
static volatile enum radio_tx_status tx_status;

static uint16_t own_address, own_pan;
static uint8_t next_sequence;
static uint32_t random_state;

static struct radio_frame queue[QUEUE_SIZE];
static volatile uint32_t queue_head, queue_tail;

/* The last sequence number of each of the latest senders: a repetition means that our acknowledgement was
 * lost. */
static struct {
  uint16_t address;
  uint8_t sequence;
  bool used;
} neighbours[NEIGHBOURS];
static unsigned oldest_neighbour;

static uint32_t now_us(void) {
  TIMER3->TASKS_CAPTURE[CC_NOW] = 1;
  return TIMER3->CC[CC_NOW];
}

/* ---- Steps of the state machine; interrupts of the radio and of TIMER3 are held off in all of them ---- */

static void start_at(uint32_t time_us, reg* task) {
  event_clear(&TIMER3->EVENTS_COMPARE[CC_START]);
  TIMER3->CC[CC_START] = time_us;
  ppi_connect(PPI_RADIO_START, &TIMER3->EVENTS_COMPARE[CC_START], task);
  ppi_enable(PPI_RADIO_START);
}

static void start_receiver(void) {
  RADIO->PACKETPTR = (uint32_t)&rx_packet;
  RADIO->SHORTS = RADIO_SHORT_RXREADY_START | RADIO_SHORT_END_DISABLE;
  event_clear(&RADIO->EVENTS_END);
  event_clear(&RADIO->EVENTS_FRAMESTART);
  RADIO->TASKS_RXEN = 1;
}

/* To the receiver, or to rest. */
static void settle(void) {
  if (listening && !pausing) {
    phase = PHASE_LISTEN;
    start_receiver();
  } else {
    phase = PHASE_IDLE;
  }
}

static void finish_send(enum radio_tx_status status) {
  tx_status = status;
  tx_done = true;
  settle();
}

/* From here the hardware alone goes through backoff, ramp-up, assessment and frame. It comes back disabled,
 * either with the channel busy or with the frame sent. */
static void start_attempt(void) {
  phase = PHASE_SEND;
  RADIO->PACKETPTR = (uint32_t)&tx_packet;
  RADIO->SHORTS = RADIO_SHORT_RXREADY_CCASTART | RADIO_SHORT_CCABUSY_DISABLE | RADIO_SHORT_CCAIDLE_TXEN |
                  RADIO_SHORT_TXREADY_START | RADIO_SHORT_PHYEND_DISABLE;
  event_clear(&RADIO->EVENTS_PHYEND);
  uint32_t backoff = csma_backoff_us(&csma, random_next(&random_state));
  if (backoff == 0)
    RADIO->TASKS_RXEN = 1;
  else
    start_at(now_us() + backoff, &RADIO->TASKS_RXEN);
}

static void await_ack(void) {
  phase = PHASE_ACK_WAIT;
  ack_timed_out = false;
  start_receiver();
  TIMER3->CC[CC_ACK_TIMEOUT] = TIMER3->CC[CC_TX_END] + CSMA_ACK_WAIT_US;
  event_clear(&TIMER3->EVENTS_COMPARE[CC_ACK_TIMEOUT]);
  TIMER3->INTENSET = TIMER_INT_COMPARE(CC_ACK_TIMEOUT);
}

static void continue_send(enum csma_next next) {
  if (next == CSMA_BACK_OFF)
    start_attempt();
  else
    finish_send(next == CSMA_NO_ACK ? RADIO_TX_NO_ACK : RADIO_TX_CHANNEL_ACCESS_FAILURE);
}

static void send_ended(void) {
  if (!RADIO->EVENTS_PHYEND)
    continue_send(csma_channel_busy(&csma));
  else if (tx_wants_ack)
    await_ack();
  else
    finish_send(RADIO_TX_OK);
}

/* Length of the MPDU in rx_packet, 0 when there is none or it is damaged. */
static size_t received_length(void) {
  if (!RADIO->EVENTS_END || RADIO->CRCSTATUS != 1) return 0;
  unsigned length = rx_packet.length;
  return length > IEEE802154_FCS_SIZE && length <= IEEE802154_MAX_PSDU ? length - IEEE802154_FCS_SIZE : 0;
}

static void ack_wait_ended(void) {
  size_t length = received_length();
  bool acked = length > 0 && ieee802154_is_ack(rx_packet.mpdu, length, tx_packet.mpdu[2]);
  if (!acked && !ack_timed_out) {
    start_receiver(); /* something else was on the air; the time runs on */
    return;
  }
  TIMER3->INTENCLR = TIMER_INT_COMPARE(CC_ACK_TIMEOUT);
  event_clear(&TIMER3->EVENTS_COMPARE[CC_ACK_TIMEOUT]);
  if (acked)
    finish_send(RADIO_TX_OK);
  else
    continue_send(csma_no_ack(&csma));
}

/* True when the acknowledgement is on its way: it leaves one turnaround time after the end of the frame. */
static bool start_ack(uint8_t sequence) {
  uint32_t start = TIMER3->CC[CC_RX_END] + CSMA_TURNAROUND_US - RAMP_UP_US;
  ieee802154_build_ack(sequence, ack_packet.mpdu);
  ack_packet.length = IEEE802154_ACK_SIZE + IEEE802154_FCS_SIZE;
  RADIO->PACKETPTR = (uint32_t)&ack_packet;
  RADIO->SHORTS = RADIO_SHORT_TXREADY_START | RADIO_SHORT_PHYEND_DISABLE;
  event_clear(&RADIO->EVENTS_PHYEND);
  if ((int32_t)(start - now_us()) < SHORTEST_LEAD_US) return false; /* too late: the sender will repeat */
  start_at(start, &RADIO->TASKS_TXEN);
  return true;
}

static bool is_repetition(uint16_t source, uint8_t sequence) {
  for (unsigned i = 0; i < NEIGHBOURS; i++) {
    if (!neighbours[i].used || neighbours[i].address != source) continue;
    bool same = neighbours[i].sequence == sequence;
    neighbours[i].sequence = sequence;
    return same;
  }
  neighbours[oldest_neighbour].address = source;
  neighbours[oldest_neighbour].sequence = sequence;
  neighbours[oldest_neighbour].used = true;
  oldest_neighbour = (oldest_neighbour + 1) % NEIGHBOURS;
  return false;
}

static void enqueue(const struct ieee802154_data* data, uint8_t lqi) {
  struct radio_frame* f = &queue[queue_head % QUEUE_SIZE];
  f->source = data->source;
  f->destination = data->destination;
  f->sequence = data->sequence;
  f->lqi = lqi;
  f->time_us = TIMER3->CC[CC_RX_END];
  f->length = (uint8_t)data->payload_length;
  for (size_t i = 0; i < data->payload_length; i++) f->payload[i] = data->payload[i];
  queue_head = queue_head + 1;
}

static void listen_ended(void) {
  if (!RADIO->EVENTS_END) { /* stopped */
    phase = PHASE_IDLE;
    return;
  }
  size_t length = received_length();
  struct ieee802154_data data;
  bool ours = length > 0 && ieee802154_parse_data(rx_packet.mpdu, length, &data) &&
              (data.pan_id == own_pan || data.pan_id == IEEE802154_BROADCAST) &&
              (data.destination == own_address || data.destination == IEEE802154_BROADCAST);
  if (!ours || queue_head - queue_tail == QUEUE_SIZE) {
    settle();
    return;
  }
  bool acking = data.ack_requested && data.destination != IEEE802154_BROADCAST && start_ack(data.sequence);
  if (acking) phase = PHASE_SEND_ACK;
  if (!is_repetition(data.source, data.sequence)) {
    /* The hardware's link quality is a quarter of the standard's scale. */
    unsigned lqi = rx_packet.mpdu[length] * 4u;
    enqueue(&data, (uint8_t)(lqi > 255 ? 255 : lqi));
  }
  if (!acking) settle();
}

void radio_handler(void) {
  if (!RADIO->EVENTS_DISABLED) return;
  event_clear(&RADIO->EVENTS_DISABLED);
  ppi_disable(PPI_RADIO_START);
  switch (phase) {
    case PHASE_SEND:
      send_ended();
      break;
    case PHASE_ACK_WAIT:
      ack_wait_ended();
      break;
    case PHASE_LISTEN:
      listen_ended();
      break;
    case PHASE_SEND_ACK:
      settle();
      break;
    case PHASE_IDLE:
      break;
  }
}

void timer3_handler(void) {
  if (!TIMER3->EVENTS_COMPARE[CC_ACK_TIMEOUT]) return;
  event_clear(&TIMER3->EVENTS_COMPARE[CC_ACK_TIMEOUT]);
  TIMER3->INTENCLR = TIMER_INT_COMPARE(CC_ACK_TIMEOUT);
  if (phase != PHASE_ACK_WAIT) return;
  ack_timed_out = true;
  RADIO->TASKS_DISABLE = 1; /* harmless when the end of a frame was quicker */
}

/* ---- Thread mode ---- */

static uint32_t tx_power_setting(int8_t dbm) {
  static const int8_t levels[] = {8, 7, 6, 5, 4, 3, 2, 0, -4, -8, -12, -16, -20};
  for (unsigned i = 0; i < sizeof levels; i++)
    if (dbm >= levels[i]) return (uint8_t)levels[i];
  return (uint8_t)-40;
}

void radio_init(const struct radio_config* config) {
  own_address = config->address;
  own_pan = config->pan_id;
  random_state = config->seed != 0 ? config->seed : 1;
  next_sequence = (uint8_t)random_next(&random_state);

  RADIO->POWER = 0; /* to the reset values */
  (void)RADIO->POWER;
  RADIO->POWER = 1;
  RADIO->MODE = RADIO_MODE_IEEE802154;
  RADIO->MODECNF0 = RADIO_MODECNF0_FAST_RAMP_UP | RADIO_MODECNF0_DTX_CENTER;
  RADIO->FREQUENCY = 5u + 5u * (config->channel - 11u); /* above 2400 MHz */
  RADIO->TXPOWER = tx_power_setting(config->tx_power_dbm);
  RADIO->PCNF0 = RADIO_PCNF0_LENGTH_8BIT | RADIO_PCNF0_PREAMBLE_32BIT_ZERO | RADIO_PCNF0_LENGTH_COUNTS_CRC;
  RADIO->PCNF1 = IEEE802154_MAX_PSDU;
  RADIO->CRCCNF = RADIO_CRCCNF_IEEE802154;
  RADIO->CRCPOLY = RADIO_CRCPOLY_IEEE802154;
  RADIO->CRCINIT = 0;
  uint32_t threshold = (uint8_t)(config->cca_threshold_dbm - ED_OFFSET_DBM);
  RADIO->CCACTRL = CCA_CORRELATOR | threshold << 8 |
                   (config->cca == RADIO_CCA_MODE_CARRIER ? RADIO_CCA_CARRIER : RADIO_CCA_ENERGY);
  event_clear(&RADIO->EVENTS_DISABLED);
  RADIO->INTENSET = RADIO_INT_DISABLED;

  TIMER3->MODE = 0;
  TIMER3->BITMODE = TIMER_BITMODE_32;
  TIMER3->PRESCALER = 4; /* 16 MHz / 2^4 */
  ppi_connect(PPI_RADIO_TX_END, &RADIO->EVENTS_PHYEND, &TIMER3->TASKS_CAPTURE[CC_TX_END]);
  ppi_connect(PPI_RADIO_RX_END, &RADIO->EVENTS_END, &TIMER3->TASKS_CAPTURE[CC_RX_END]);
  irq_enable(IRQ_RADIO, PRIORITY_RADIO);
  irq_enable(IRQ_TIMER3, PRIORITY_RADIO);
}

void radio_on(void) {
  clock_hfxo_request();
  TIMER3->TASKS_CLEAR = 1;
  TIMER3->TASKS_START = 1;
  ppi_enable(PPI_RADIO_TX_END);
  ppi_enable(PPI_RADIO_RX_END);
}

void radio_off(void) {
  radio_listen(false);
  ppi_disable(PPI_RADIO_TX_END);
  ppi_disable(PPI_RADIO_RX_END);
  TIMER3->TASKS_STOP = 1;
  TIMER3->TASKS_SHUTDOWN = 1; /* a timer that is only stopped keeps drawing current (erratum 78) */
  clock_hfxo_release();
}

/* Ends in PHASE_IDLE. A frame that is being received, and its acknowledgement, are let through first. */
static void pause_receiver(void) {
  uint32_t state = irq_save();
  pausing = true;
  if (phase == PHASE_LISTEN && !RADIO->EVENTS_FRAMESTART) RADIO->TASKS_DISABLE = 1;
  irq_restore(state);
  while (phase != PHASE_IDLE) cpu_wait_for_event();
  pausing = false;
}

void radio_listen(bool on) {
  if (on == listening) return;
  listening = on;
  if (on) {
    uint32_t state = irq_save();
    if (phase == PHASE_IDLE) settle();
    irq_restore(state);
  } else {
    pause_receiver();
  }
}

enum radio_tx_status radio_send(uint16_t destination, const uint8_t* payload, size_t length, bool request_ack,
                                struct radio_tx_report* report) {
  pause_receiver();
  tx_wants_ack = request_ack && destination != IEEE802154_BROADCAST;
  struct ieee802154_data frame = {
      .ack_requested = tx_wants_ack,
      .sequence = next_sequence,
      .pan_id = own_pan,
      .destination = destination,
      .source = own_address,
      .payload = payload,
      .payload_length = length,
  };
  size_t mpdu_length = ieee802154_build_data(&frame, tx_packet.mpdu);
  csma_begin(&csma);
  tx_done = false;
  uint32_t state = irq_save();
  if (mpdu_length == 0) {
    finish_send(RADIO_TX_TOO_LONG);
  } else {
    next_sequence++;
    tx_packet.length = (uint8_t)(mpdu_length + IEEE802154_FCS_SIZE);
    start_attempt();
  }
  irq_restore(state);
  while (!tx_done) cpu_wait_for_event();
  if (report) *report = (struct radio_tx_report){.retries = csma.retries, .busy = csma.busy};
  return tx_status;
}

bool radio_receive(struct radio_frame* out) {
  if (queue_head == queue_tail) return false;
  *out = queue[queue_tail % QUEUE_SIZE];
  queue_tail = queue_tail + 1;
  return true;
}

uint32_t radio_time_us(void) {
  uint32_t state = irq_save(); /* the radio's handler uses the same capture register */
  uint32_t now = now_us();
  irq_restore(state);
  return now;
}
