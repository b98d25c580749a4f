/* Vibration sensor: samples without a pause, condenses each window to 16 features, and publishes them with
 * MQTT-SN over IEEE 802.15.4. Between the end of one window's work and the end of the next window the CPU
 * sleeps. */
#include "common/features.h"
#include "common/mqttsn.h"
#include "common/report.h"
#include "common/window_plan.h"
#include "hal/board.h"
#include "hal/console.h"
#include "hal/device_info.h"
#include "hal/radio802154.h"
#include "hal/rng.h"
#include "hal/saadc.h"
#include "hal/systime.h"

enum { CCA_THRESHOLD_DBM = -75, SUMMARY_EVERY = 10 };

struct counters {
  uint32_t reports, failed, retries, busy, windows_lost;
};

static int16_t sample_buffers[2 * FEATURES_MAX_SAMPLES];

static void print_rejected(const struct settings* s) {
  if (s->rejected == 0) return;
  console_printf("UICR settings out of range, defaults used:%s%s%s%s%s%s\n",
                 s->rejected & SETTINGS_ADDRESS ? " address" : "", s->rejected & SETTINGS_PAN ? " pan" : "",
                 s->rejected & SETTINGS_CHANNEL ? " channel" : "",
                 s->rejected & SETTINGS_TX_POWER ? " power" : "",
                 s->rejected & SETTINGS_SAMPLE_RATE ? " rate" : "",
                 s->rejected & SETTINGS_REPORT_INTERVAL ? " interval" : "");
}

static enum radio_tx_status publish(const struct report* report, uint16_t gateway,
                                    struct radio_tx_report* tx) {
  uint8_t body[REPORT_SIZE], message[MQTTSN_PUBLISH_HEADER_SIZE + REPORT_SIZE];
  size_t length = report_encode(report, body);
  length = mqttsn_publish_qos_m1(REPORT_TOPIC_ID, body, length, message, sizeof message);
  radio_on();
  enum radio_tx_status status = radio_send(gateway, message, length, true, tx);
  radio_off();
  return status;
}

static void account(struct counters* c, const struct report* report, enum radio_tx_status status,
                    const struct radio_tx_report* tx) {
  c->reports++;
  c->retries += tx->retries;
  c->busy += tx->busy;
  if (status != RADIO_TX_OK) {
    c->failed++;
    console_printf("report %u not delivered: %s\n", report->sequence,
                   status == RADIO_TX_NO_ACK ? "no acknowledgement" : "channel busy");
  }
  if (c->reports % SUMMARY_EVERY == 0)
    console_printf("t=%lu ms reports %lu failed %lu retries %lu busy %lu windows lost %lu\n", systime_ms(),
                   c->reports, c->failed, c->retries, c->busy, c->windows_lost);
}

static void run(const struct settings* settings, uint16_t battery_mv) {
  struct window_plan plan = plan_windows(settings->sample_rate_hz, settings->report_interval_ms);
  struct counters counters = {0};
  struct report report = {.flags = REPORT_FLAG_FIRST, .battery_mv = battery_mv};
  if (!settings->from_uicr) report.flags |= REPORT_FLAG_DEFAULT_SETTINGS;
  uint32_t expected = 0;

  sampling_start(settings->sample_rate_hz, sample_buffers, plan.samples);
  for (;;) {
    struct sampling_window window;
    sampling_wait(&window);
    counters.windows_lost += window.index - expected;
    if (window.index != expected) report.flags |= REPORT_FLAG_WINDOWS_LOST;
    expected = window.index + 1;
    if (expected % plan.windows_per_report != 0) continue;

    float features[FEATURE_COUNT];
    features_compute(window.samples, plan.samples, settings->sample_rate_hz, features);
    for (unsigned i = 0; i < FEATURE_COUNT; i++) report.features[i] = features_to_q8(features[i]);
    report.sequence = (uint16_t)(window.index / plan.windows_per_report);
    report.window_end_ms = (uint32_t)(window.end_ticks * 1000 / SYSTIME_HZ);

    struct radio_tx_report tx;
    enum radio_tx_status status = publish(&report, settings->gateway, &tx);
    account(&counters, &report, status, &tx);
    report.tx_retries = tx.retries;
    report.flags &= REPORT_FLAG_DEFAULT_SETTINGS;
    if (status != RADIO_TX_OK) report.flags |= REPORT_FLAG_PREVIOUS_UNDELIVERED;
  }
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
  systime_sleep_until(systime_from_ms(phase_ms));
  run(&settings, battery_mv);
}
