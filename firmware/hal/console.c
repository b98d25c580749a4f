#include "console.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/format.h"
#include "cpu.h"
#include "gpio.h"
#include "nrf52840.h"

enum { RING_SIZE = 1024, LINE_SIZE = 160, POLL_LIMIT = 4000000 };

/* head and tail count bytes; RING_SIZE is a power of two. Bytes from tail to head wait; `sending` of them are
 * being read by EasyDMA. */
static volatile char ring[RING_SIZE];
static volatile uint32_t head, tail;
static volatile uint32_t sending;
static enum { TX_OFF, TX_SENDING, TX_STOPPING } volatile transmitter;

/* Hands the longest run of waiting bytes without a wrap to EasyDMA. Interrupts of the console are held off.
 */
static void send_next(void) {
  uint32_t start = tail % RING_SIZE;
  uint32_t run = head - tail;
  if (run > RING_SIZE - start) run = RING_SIZE - start;
  sending = run;
  transmitter = TX_SENDING;
  UARTE0->TXD_PTR = (uint32_t)&ring[start];
  UARTE0->TXD_MAXCNT = run;
  cpu_dsb();
  UARTE0->TASKS_STARTTX = 1;
}

void uarte0_handler(void) {
  if (UARTE0->EVENTS_ENDTX) {
    event_clear(&UARTE0->EVENTS_ENDTX);
    tail += sending;
    sending = 0;
    if (head != tail) {
      send_next();
    } else {
      /* Without this the peripheral keeps the high-frequency clock on. */
      transmitter = TX_STOPPING;
      UARTE0->TASKS_STOPTX = 1;
    }
  }
  if (UARTE0->EVENTS_TXSTOPPED) {
    event_clear(&UARTE0->EVENTS_TXSTOPPED);
    if (head != tail)
      send_next();
    else
      transmitter = TX_OFF;
  }
}

void console_init(unsigned tx_pin) {
  gpio_output(tx_pin, true);
  UARTE0->PSEL_TXD = tx_pin;
  UARTE0->PSEL_RXD = PSEL_DISCONNECTED;
  UARTE0->PSEL_RTS = PSEL_DISCONNECTED;
  UARTE0->PSEL_CTS = PSEL_DISCONNECTED;
  UARTE0->BAUDRATE = UARTE_BAUD_115200;
  UARTE0->CONFIG = 0;
  UARTE0->ENABLE = UARTE_ENABLE;
  event_clear(&UARTE0->EVENTS_ENDTX);
  event_clear(&UARTE0->EVENTS_TXSTOPPED);
  UARTE0->INTENSET = UARTE_INT_ENDTX | UARTE_INT_TXSTOPPED;
  irq_enable(IRQ_UARTE0, PRIORITY_CONSOLE);
}

static void kick(void) {
  uint32_t state = irq_save();
  if (transmitter == TX_OFF && head != tail) send_next();
  irq_restore(state);
}

static void put(char c) {
  while (head - tail == RING_SIZE) {
    kick();
    cpu_wait_for_event();
  }
  ring[head % RING_SIZE] = c;
  head++;
}

void console_write(const char* text, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '\n') put('\r');
    put(text[i]);
  }
  kick();
}

void console_printf(const char* format, ...) {
  char line[LINE_SIZE];
  va_list args;
  va_start(args, format);
  size_t length = format_text(line, sizeof line, format, args);
  va_end(args);
  console_write(line, length);
}

void console_flush(void) {
  while (transmitter != TX_OFF) cpu_wait_for_event();
}

static void poll(reg* event) {
  for (uint32_t i = 0; i < POLL_LIMIT && !*event; i++) {
  }
  event_clear(event);
}

void console_panic(const char* format, ...) {
  static char line[LINE_SIZE];
  va_list args;
  va_start(args, format);
  size_t length = format_text(line, sizeof line, format, args);
  va_end(args);

  if (UARTE0->ENABLE != UARTE_ENABLE) return;
  UARTE0->INTENCLR = UARTE_INT_ENDTX | UARTE_INT_TXSTOPPED;
  if (transmitter != TX_OFF) {
    if (transmitter == TX_SENDING) UARTE0->TASKS_STOPTX = 1;
    poll(&UARTE0->EVENTS_TXSTOPPED);
    transmitter = TX_OFF;
  }
  event_clear(&UARTE0->EVENTS_ENDTX);
  event_clear(&UARTE0->EVENTS_TXSTOPPED);
  UARTE0->TXD_PTR = (uint32_t)line;
  UARTE0->TXD_MAXCNT = length;
  cpu_dsb();
  UARTE0->TASKS_STARTTX = 1;
  poll(&UARTE0->EVENTS_ENDTX);
  UARTE0->TASKS_STOPTX = 1;
  poll(&UARTE0->EVENTS_TXSTOPPED);
}
