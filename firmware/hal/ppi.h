#ifndef XEDGESIM_HAL_PPI_H
#define XEDGESIM_HAL_PPI_H

#include <stdint.h>

#include "nrf52840.h"

/* Who uses which programmable PPI channel. */
enum ppi_channel {
  PPI_RADIO_START,   /* TIMER3 compare 0 -> RADIO receive or transmit enable */
  PPI_RADIO_TX_END,  /* RADIO PHYEND -> TIMER3 capture 1 */
  PPI_RADIO_RX_END,  /* RADIO END -> TIMER3 capture 2 */
  PPI_SAMPLE,        /* TIMER1 compare 0 -> SAADC sample */
  PPI_SAADC_RESTART, /* SAADC END -> SAADC START */
};

static inline void ppi_connect(enum ppi_channel channel, reg* event, reg* task) {
  PPI->CH[channel].EEP = (uint32_t)event;
  PPI->CH[channel].TEP = (uint32_t)task;
}

static inline void ppi_enable(enum ppi_channel channel) { PPI->CHENSET = 1u << channel; }
static inline void ppi_disable(enum ppi_channel channel) { PPI->CHENCLR = 1u << channel; }

#endif
