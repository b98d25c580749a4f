#ifndef XEDGESIM_HAL_CONSOLE_H
#define XEDGESIM_HAL_CONSOLE_H

#include <stddef.h>

/* Text console on UARTE0: 115200 baud, 8 data bits, no parity, no flow control, transmit only. Output goes to
 * a ring and leaves by EasyDMA; the transmitter is switched off when the ring is empty. A line feed is sent
 * as carriage return and line feed. */
void console_init(unsigned tx_pin);

/* Queues text; sleeps while the ring is full. Thread mode only. */
void console_write(const char* text, size_t length);

/* printf with the conversions of common/format.h. Thread mode only; at most 160 characters a call. */
void console_printf(const char* format, ...) __attribute__((format(printf, 1, 2)));

/* Sleeps until everything has left the chip. */
void console_flush(void);

/* Prints without interrupts, by polling, from any state of the program: for the last words before a reset. */
void console_panic(const char* format, ...) __attribute__((format(printf, 1, 2)));

#endif
