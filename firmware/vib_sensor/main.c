/* Vibration sensor: samples without a pause and condenses each window to 16 features. What becomes of them is a
 * setting: they are published for a model at the edge or in the cloud, or the model in flash runs here and its verdict
 * is published, or its first layers run here and their result is published in fragments. All by MQTT-SN over IEEE
 * 802.15.4. Between the end of one window's work and the end of the next window the CPU sleeps. */
#include "common/features.h"
#include "common/mqttsn.h"
#include "common/placement.h"
#include "common/report.h"
#include "common/verdict.h"
#include "common/window_plan.h"
#include "hal/board.h"
#include "hal/cpu.h"
#include "hal/console.h"
#include "hal/device_info.h"
#include "hal/radio802154.h"
#include "hal/rng.h"
#include "hal/saadc.h"
#include "hal/systime.h"
#include "hal/trace.h"
#include "vib_sensor/classifier.h"

enum { CCA_THRESHOLD_DBM = -75, SUMMARY_EVERY = 10, MAX_BODY = FRAGMENT_MAX_SIZE };

struct counters {
  uint32_t reports, failed, retries, busy, windows_lost;
};

/* What one report took on the radio. */
struct delivery {
  enum radio_tx_status status;
  unsigned retries, busy, attempts;
  uint32_t radio_us;
};

static int16_t sample_buffers[2 * FEATURES_MAX_SAMPLES];
static struct classifier classifier;

static void print_rejected(const struct settings* s) {
  if (s->rejected == 0) return;
  console_printf("UICR settings out of range, defaults used:%s%s%s%s%s%s%s\n",
                 s->rejected & SETTINGS_ADDRESS ? " address" : "", s->rejected & SETTINGS_PAN ? " pan" : "",
                 s->rejected & SETTINGS_CHANNEL ? " channel" : "",
                 s->rejected & SETTINGS_TX_POWER ? " power" : "",
                 s->rejected & SETTINGS_SAMPLE_RATE ? " rate" : "",
                 s->rejected & SETTINGS_REPORT_INTERVAL ? " interval" : "",
                 s->rejected & SETTINGS_PLACEMENT ? " placement" : "");
}

static void send(uint16_t topic, const uint8_t* body, size_t length, uint16_t gateway, struct delivery* d) {
  uint8_t message[MQTTSN_PUBLISH_HEADER_SIZE + MAX_BODY];
  struct radio_tx_report tx = {0};
  length = mqttsn_publish_qos_m1(topic, body, length, message, sizeof message);
  d->status = radio_send(gateway, message, length, true, &tx);
  d->retries += tx.retries;
  d->busy += tx.busy;
  d->attempts += 1u + tx.retries;
}

/* A verdict of the service for this report within the time set for it; its class, or -1. */
static int await_verdict(const struct settings* settings, uint16_t sequence) {
  const uint64_t end = systime_ticks() + systime_from_ms(settings->verdict_wait_ms);
  int verdict = -1;
  radio_listen(true);
  while (verdict < 0 && systime_ticks() < end) {
    struct radio_frame frame;
    if (radio_receive(&frame)) {
      const uint8_t* body = frame.payload + MQTTSN_PUBLISH_HEADER_SIZE;
      if (frame.length == MQTTSN_PUBLISH_HEADER_SIZE + RETURN_SIZE && frame.payload[1] == MQTTSN_PUBLISH &&
          frame.payload[4] == RETURN_TOPIC_ID && (body[0] | body[1] << 8) == sequence)
        verdict = body[2];
      continue;
    }
    systime_wake_at(end);
    cpu_wait_for_event();
  }
  radio_listen(false);
  return verdict;
}

/* Publishes what the placement in force asks for; the radio is on in here only. */
static void publish(const struct settings* settings, const struct report* report, const struct verdict* verdict,
                    struct delivery* d) {
  uint8_t body[MAX_BODY];
  const uint8_t placement = report->placement & 0xF;
  *d = (struct delivery){0};
  radio_on();
  if (placement == PLACEMENT_HYBRID) {
    const struct nn_tensor* part = nn_output(&classifier.model);
    const size_t size = (size_t)part->elements, fragments = fragment_count(size);
    for (size_t i = 0; i < fragments && d->status == RADIO_TX_OK; i++)
      send(FRAGMENT_TOPIC_ID, body, fragment_encode(report, part->data, size, i, body), settings->gateway, d);
  } else if (placement == PLACEMENT_DEVICE) {
    send(VERDICT_TOPIC_ID, body, verdict_encode(report, verdict, body), settings->gateway, d);
  } else {
    send(placement == PLACEMENT_CLOUD ? CLOUD_REPORT_TOPIC_ID : REPORT_TOPIC_ID, body, report_encode(report, body),
         settings->gateway, d);
  }
  if (d->status == RADIO_TX_OK && placement != PLACEMENT_DEVICE && settings->verdict_wait_ms > 0) {
    const int class_index = await_verdict(settings, report->sequence);
    if (class_index >= 0) trace_put(TRACE_VERDICT, (uint32_t)class_index << 16 | report->sequence);
  }
  d->radio_us = radio_time_us();
  radio_off();
}

static void account(struct counters* c, const struct report* report, const struct delivery* d) {
  c->reports++;
  c->retries += d->retries;
  c->busy += d->busy;
  if (d->status != RADIO_TX_OK) {
    c->failed++;
    console_printf("report %u not delivered: %s\n", report->sequence,
                   d->status == RADIO_TX_NO_ACK ? "no acknowledgement" : "channel busy");
  }
  if (c->reports % SUMMARY_EVERY == 0)
    console_printf("t=%lu ms reports %lu failed %lu retries %lu busy %lu windows lost %lu\n", systime_ms(),
                   c->reports, c->failed, c->retries, c->busy, c->windows_lost);
}

/* Where this window's verdict is computed. */
static uint8_t choose_placement(struct placement_state* state, const struct settings* settings, uint16_t sequence) {
  if (placement_choose(state, settings)) {
    console_printf("inference moves to %s: %s (battery %lu %%, link %u %%, delay %lu ms)\n",
                   placement_name(state->now), placement_reason_name(state->reason),
                   placement_battery_pct(state, settings), state->link_q8 * 100u / 256u, state->delay_ms);
    trace_put(TRACE_PLACEMENT, (uint32_t)sequence << 16 | (uint32_t)state->reason << 8 | state->now);
  }
  return (uint8_t)(state->now | state->reason << 4);
}

static bool needs_model(uint8_t placement) {
  return (placement & 0xF) == PLACEMENT_DEVICE || (placement & 0xF) == PLACEMENT_HYBRID;
}

static uint32_t since_us(uint64_t ticks) {
  return (uint32_t)((systime_ticks() - ticks) * 1000000u / SYSTIME_HZ);
}

static void run(const struct settings* settings, uint16_t battery_mv, const struct window_plan plan) {
  const uint32_t window_us = (uint32_t)((uint64_t)plan.samples * plan.windows_per_report * 1000000u / settings->sample_rate_hz);
  struct counters counters = {0};
  struct report report = {.flags = REPORT_FLAG_FIRST, .battery_mv = battery_mv};
  if (!settings->from_uicr) report.flags |= REPORT_FLAG_DEFAULT_SETTINGS;
  struct placement_state placement;
  placement_init(&placement, settings);
  uint32_t expected = 0;

  sampling_start(settings->sample_rate_hz, sample_buffers, plan.samples);
  for (;;) {
    struct sampling_window window;
    sampling_wait(&window);
    counters.windows_lost += window.index - expected;
    if (window.index != expected) report.flags |= REPORT_FLAG_WINDOWS_LOST;
    expected = window.index + 1;
    if (expected % plan.windows_per_report != 0) continue;

    report.sequence = (uint16_t)(window.index / plan.windows_per_report);
    report.window_end_ms = (uint32_t)(window.end_ticks * 1000 / SYSTIME_HZ);
    report.placement = choose_placement(&placement, settings, report.sequence);
    float features[FEATURE_COUNT] = {0};
    if (!needs_model(report.placement) || !classifier.raw)
      features_compute(window.samples, plan.samples, settings->sample_rate_hz, features);
    for (unsigned i = 0; i < FEATURE_COUNT; i++) report.features[i] = features_to_q8(features[i]);

    struct verdict verdict;
    if (needs_model(report.placement)) {
      /* The model sees what a report would carry, so that its verdict is the edge's. */
      for (unsigned i = 0; i < FEATURE_COUNT; i++) features[i] = (float)report.features[i] / 256.0f;
      classifier_run(&classifier, features, window.samples, report.sequence);
      if (!classifier.is_part) classifier_verdict(&classifier, report.sequence, &verdict);
    }

    struct delivery delivery;
    publish(settings, &report, &verdict, &delivery);
    account(&counters, &report, &delivery);
    const uint32_t busy_us = since_us(window.end_ticks);
    placement_sent(&placement, delivery.attempts, delivery.status == RADIO_TX_OK, busy_us / 1000);
    placement_spent(&placement, window_us, busy_us - delivery.radio_us, delivery.radio_us);
    report.tx_retries = (uint8_t)delivery.retries;
    report.flags &= REPORT_FLAG_DEFAULT_SETTINGS;
    if (delivery.status != RADIO_TX_OK) report.flags |= REPORT_FLAG_PREVIOUS_UNDELIVERED;
  }
}

/* A model that cannot be run here is said so, and the features are reported instead. */
static void open_model(struct settings* settings, uint32_t window_samples) {
  const bool wanted = settings->adaptive || needs_model(settings->placement);
  if (!wanted) return;
  classifier_open(&classifier, window_samples);
  if (classifier.usable && classifier.is_part != (settings->placement == PLACEMENT_HYBRID)) {
    classifier.usable = false;
    classifier.error.what = classifier.is_part ? "it is a part of a model" : "it is not cut for split placement";
  }
  if (classifier.usable) {
    console_printf("model: %d operators, arena %lu bytes, placement %s%s\n", classifier.model.op_count,
                   (unsigned long)classifier.model.arena_used, placement_name(settings->placement),
                   settings->adaptive ? ", adaptive" : "");
    return;
  }
  console_printf("model refused: %s %s; reporting features instead\n",
                 classifier.error.operator_name ? classifier.error.operator_name : "", classifier.error.what);
  settings->placement = PLACEMENT_EDGE;
  settings->adaptive = false;
}

int main(void) {
  board_init();
  struct settings settings;
  device_settings(&settings);
  uint32_t random = rng_bits();
  uint16_t battery_mv = saadc_supply_mv();
  uint32_t phase_ms = settings.start_phase_ms;
  if (phase_ms == SETTINGS_RANDOM_PHASE) phase_ms = random % settings.report_interval_ms;
  radio_init(&(struct radio_config){
      .address = settings.address,
      .pan_id = settings.pan_id,
      .channel = settings.channel,
      .tx_power_dbm = settings.tx_power_dbm,
      .cca = RADIO_CCA_MODE_ENERGY,
      .cca_threshold_dbm = CCA_THRESHOLD_DBM,
      .seed = rng_bits(),
  });
  console_printf(
      "vib_sensor %08lx address 0x%04x %lu Hz every %lu ms from %lu ms, supply %u mV, reset 0x%lx\n",
      device_build_id(), settings.address, settings.sample_rate_hz, settings.report_interval_ms, phase_ms,
      battery_mv, board_reset_reason());
  print_rejected(&settings);
  struct window_plan plan = plan_windows(settings.sample_rate_hz, settings.report_interval_ms);
  open_model(&settings, plan.samples);
  systime_sleep_until(systime_from_ms(phase_ms));
  run(&settings, battery_mv, plan);
}
