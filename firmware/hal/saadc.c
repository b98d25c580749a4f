#include "saadc.h"

#include "cpu.h"
#include "nrf52840.h"
#include "ppi.h"
#include "systime.h"

enum {
  CONFIG_SUPPLY = SAADC_CONFIG_GAIN_1_6 | SAADC_CONFIG_REF_INTERNAL | SAADC_CONFIG_TACQ_10US,
  CONFIG_VIBRATION = SAADC_CONFIG_GAIN_1_5 | SAADC_CONFIG_REF_INTERNAL | SAADC_CONFIG_TACQ_10US,
  SUPPLY_FULL_SCALE_MV = 3600,
  CODES = 4096,
  TIMER_HZ = 16000000,
  TIMER_LOW_POWER_HZ = 1000000, /* up to this rate the timer runs from the slower and thriftier clock */
};

static volatile bool started, ended, stopped;

static int16_t* window_buffers;
static size_t window_size;
static volatile uint32_t starts; /* of windows; the last one is being filled */
static volatile uint64_t last_end_ticks;
static uint32_t next_index;

/* A window began: the buffer now filling is in use by EasyDMA, and the pointer for the one after it can be
 * set. That a window began also means that the one before it is complete. */
static void window_started(void) {
  starts = starts + 1;
  last_end_ticks = systime_ticks();
  SAADC->RESULT_PTR = (uint32_t)(window_buffers + (starts % 2) * window_size);
}

void saadc_handler(void) {
  if (SAADC->EVENTS_STARTED) {
    event_clear(&SAADC->EVENTS_STARTED);
    started = true;
    if (window_buffers) window_started();
  }
  if (SAADC->EVENTS_END) {
    event_clear(&SAADC->EVENTS_END);
    ended = true;
  }
  if (SAADC->EVENTS_STOPPED) {
    event_clear(&SAADC->EVENTS_STOPPED);
    stopped = true;
  }
}

static void enable(uint32_t input, uint32_t config, void* buffer, size_t samples) {
  SAADC->ENABLE = 1;
  SAADC->RESOLUTION = SAADC_RESOLUTION_12BIT;
  SAADC->OVERSAMPLE = 0;
  SAADC->SAMPLERATE = 0; /* one conversion a SAMPLE task */
  SAADC->CH[0].PSELP = input;
  SAADC->CH[0].PSELN = SAADC_PSEL_NONE;
  SAADC->CH[0].CONFIG = config;
  SAADC->RESULT_PTR = (uint32_t)buffer;
  SAADC->RESULT_MAXCNT = samples;
  event_clear(&SAADC->EVENTS_STARTED);
  event_clear(&SAADC->EVENTS_END);
  event_clear(&SAADC->EVENTS_STOPPED);
  started = ended = stopped = false;
  irq_enable(IRQ_SAADC, PRIORITY_SAMPLING);
}

uint16_t saadc_supply_mv(void) {
  static volatile int16_t sample;
  enable(SAADC_PSEL_VDD, CONFIG_SUPPLY, (void*)&sample, 1);
  SAADC->INTENSET = SAADC_INT_STARTED | SAADC_INT_END | SAADC_INT_STOPPED;
  SAADC->TASKS_START = 1;
  while (!started) cpu_wait_for_event();
  SAADC->TASKS_SAMPLE = 1;
  while (!ended) cpu_wait_for_event();
  SAADC->TASKS_STOP = 1;
  while (!stopped) cpu_wait_for_event();
  SAADC->INTENCLR = SAADC_INT_STARTED | SAADC_INT_END | SAADC_INT_STOPPED;
  SAADC->ENABLE = 0;
  uint32_t code = sample > 0 ? (uint32_t)sample : 0;
  return (uint16_t)((code * SUPPLY_FULL_SCALE_MV + CODES / 2) / CODES);
}

static void start_timer(uint32_t rate_hz) {
  bool low_power = TIMER_LOW_POWER_HZ % rate_hz == 0;
  uint32_t hz = low_power ? TIMER_LOW_POWER_HZ : TIMER_HZ;
  TIMER1->MODE = 0;
  TIMER1->BITMODE = TIMER_BITMODE_32;
  TIMER1->PRESCALER = low_power ? 4 : 0;
  TIMER1->CC[0] = (hz + rate_hz / 2) / rate_hz;
  TIMER1->SHORTS = TIMER_SHORT_CLEAR(0);
  TIMER1->TASKS_CLEAR = 1;
  TIMER1->TASKS_START = 1;
}

void sampling_start(uint32_t rate_hz, int16_t* buffers, size_t window) {
  window_buffers = buffers;
  window_size = window;
  starts = 0;
  next_index = 0;
  enable(SAADC_PSEL_AIN0, CONFIG_VIBRATION, buffers, window);
  SAADC->INTENSET = SAADC_INT_STARTED;
  ppi_connect(PPI_SAMPLE, &TIMER1->EVENTS_COMPARE[0], &SAADC->TASKS_SAMPLE);
  ppi_connect(PPI_SAADC_RESTART, &SAADC->EVENTS_END, &SAADC->TASKS_START);
  SAADC->TASKS_START = 1;
  while (!started) cpu_wait_for_event();
  ppi_enable(PPI_SAADC_RESTART);
  ppi_enable(PPI_SAMPLE);
  start_timer(rate_hz);
}

void sampling_wait(struct sampling_window* out) {
  while (starts < next_index + 2) cpu_wait_for_event();
  uint32_t state = irq_save();
  out->index = starts - 2;
  out->end_ticks = last_end_ticks;
  irq_restore(state);
  out->samples = window_buffers + (out->index % 2) * window_size;
  next_index = out->index + 1;
}
