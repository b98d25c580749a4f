#ifndef XEDGESIM_HAL_NRF52840_H
#define XEDGESIM_HAL_NRF52840_H

#include <stddef.h>
#include <stdint.h>

/* Registers of the nRF52840 that the firmware uses, after the nRF52840 Product Specification v1.x.
 * A gap in the map is a reserved_ array; the static assertions hold every block to its documented offsets. */

typedef volatile uint32_t reg;

#define AT(block, member, offset) \
  _Static_assert(offsetof(struct block, member) == (offset), #block "." #member " is misplaced")

/* Events are cleared by writing zero. The write sits in a buffer; reading it back makes sure the interrupt
 * line is low before the handler returns, or the handler would run a second time. */
static inline void event_clear(reg* event) {
  *event = 0;
  (void)*event;
}

/* ---- CLOCK and POWER (they share a base) ---- */
struct clock_regs {
  reg TASKS_HFCLKSTART, TASKS_HFCLKSTOP, TASKS_LFCLKSTART, TASKS_LFCLKSTOP;
  reg reserved_0[60];
  reg EVENTS_HFCLKSTARTED, EVENTS_LFCLKSTARTED;
  reg reserved_1[127];
  reg INTENSET, INTENCLR;
  reg reserved_2[61];
  reg RESETREAS; /* POWER */
  reg reserved_3[2];
  reg HFCLKSTAT;
  reg reserved_4[2];
  reg LFCLKSTAT;
  reg reserved_5[63];
  reg LFCLKSRC;
  reg reserved_6[15];
  reg APPROTECT_DISABLE; /* APPROTECT, newer revisions of the chip */
  reg reserved_7[7];
  reg DCDCEN; /* POWER */
};
AT(clock_regs, EVENTS_HFCLKSTARTED, 0x100);
AT(clock_regs, INTENSET, 0x304);
AT(clock_regs, RESETREAS, 0x400);
AT(clock_regs, HFCLKSTAT, 0x40C);
AT(clock_regs, LFCLKSTAT, 0x418);
AT(clock_regs, LFCLKSRC, 0x518);
AT(clock_regs, APPROTECT_DISABLE, 0x558);
AT(clock_regs, DCDCEN, 0x578);
#define CLOCK ((struct clock_regs*)0x40000000u)

enum {
  CLOCK_INT_HFCLKSTARTED = 1 << 0,
  CLOCK_INT_LFCLKSTARTED = 1 << 1,
  CLOCK_HFCLKSTAT_XTAL_RUNNING = (1 << 16) | 1,
  CLOCK_LFCLKSRC_XTAL = 1,
};

/* ---- UARTE ---- */
struct uarte_regs {
  reg TASKS_STARTRX, TASKS_STOPRX, TASKS_STARTTX, TASKS_STOPTX;
  reg reserved_0[68];
  reg EVENTS_ENDTX;
  reg reserved_1[13];
  reg EVENTS_TXSTOPPED;
  reg reserved_2[106];
  reg INTENSET, INTENCLR;
  reg reserved_3[125];
  reg ENABLE;
  reg reserved_4[1];
  reg PSEL_RTS, PSEL_TXD, PSEL_CTS, PSEL_RXD;
  reg reserved_5[3];
  reg BAUDRATE;
  reg reserved_6[7];
  reg TXD_PTR, TXD_MAXCNT, TXD_AMOUNT;
  reg reserved_7[7];
  reg CONFIG;
};
AT(uarte_regs, EVENTS_ENDTX, 0x120);
AT(uarte_regs, EVENTS_TXSTOPPED, 0x158);
AT(uarte_regs, INTENSET, 0x304);
AT(uarte_regs, ENABLE, 0x500);
AT(uarte_regs, PSEL_RTS, 0x508);
AT(uarte_regs, BAUDRATE, 0x524);
AT(uarte_regs, TXD_PTR, 0x544);
AT(uarte_regs, CONFIG, 0x56C);
#define UARTE0 ((struct uarte_regs*)0x40002000u)

enum {
  UARTE_INT_ENDTX = 1 << 8,
  UARTE_INT_TXSTOPPED = 1 << 22,
  UARTE_ENABLE = 8,
  UARTE_BAUD_115200 = 0x01D60000,
};
#define PSEL_DISCONNECTED 0xFFFFFFFFu

/* ---- TIMER ---- */
struct timer_regs {
  reg TASKS_START, TASKS_STOP, TASKS_COUNT, TASKS_CLEAR, TASKS_SHUTDOWN;
  reg reserved_0[11];
  reg TASKS_CAPTURE[6];
  reg reserved_1[58];
  reg EVENTS_COMPARE[6];
  reg reserved_2[42];
  reg SHORTS;
  reg reserved_3[64];
  reg INTENSET, INTENCLR;
  reg reserved_4[126];
  reg MODE, BITMODE;
  reg reserved_5[1];
  reg PRESCALER;
  reg reserved_6[11];
  reg CC[6];
};
AT(timer_regs, TASKS_CAPTURE, 0x040);
AT(timer_regs, EVENTS_COMPARE, 0x140);
AT(timer_regs, SHORTS, 0x200);
AT(timer_regs, INTENSET, 0x304);
AT(timer_regs, MODE, 0x504);
AT(timer_regs, PRESCALER, 0x510);
AT(timer_regs, CC, 0x540);
/* TIMER0 to TIMER2 have four compare registers, TIMER3 and TIMER4 six. */
#define TIMER1 ((struct timer_regs*)0x40009000u)
#define TIMER3 ((struct timer_regs*)0x4001a000u)

enum { TIMER_BITMODE_32 = 3 };
#define TIMER_SHORT_CLEAR(n) (1u << (n))
#define TIMER_INT_COMPARE(n) (1u << (16 + (n)))

/* ---- RTC ---- */
struct rtc_regs {
  reg TASKS_START, TASKS_STOP, TASKS_CLEAR, TASKS_TRIGOVRFLW;
  reg reserved_0[60];
  reg EVENTS_TICK, EVENTS_OVRFLW;
  reg reserved_1[14];
  reg EVENTS_COMPARE[4];
  reg reserved_2[109];
  reg INTENSET, INTENCLR;
  reg reserved_3[13];
  reg EVTEN, EVTENSET, EVTENCLR;
  reg reserved_4[110];
  reg COUNTER, PRESCALER;
  reg reserved_5[13];
  reg CC[4];
};
AT(rtc_regs, EVENTS_TICK, 0x100);
AT(rtc_regs, EVENTS_COMPARE, 0x140);
AT(rtc_regs, INTENSET, 0x304);
AT(rtc_regs, EVTEN, 0x340);
AT(rtc_regs, COUNTER, 0x504);
AT(rtc_regs, CC, 0x540);
#define RTC1 ((struct rtc_regs*)0x40011000u)

enum { RTC_INT_OVRFLW = 1 << 1 };
#define RTC_INT_COMPARE(n) (1u << (16 + (n)))

/* ---- RNG ---- */
struct rng_regs {
  reg TASKS_START, TASKS_STOP;
  reg reserved_0[62];
  reg EVENTS_VALRDY;
  reg reserved_1[128];
  reg INTENSET, INTENCLR;
  reg reserved_2[126];
  reg CONFIG, VALUE;
};
AT(rng_regs, EVENTS_VALRDY, 0x100);
AT(rng_regs, INTENSET, 0x304);
AT(rng_regs, CONFIG, 0x504);
#define RNG ((struct rng_regs*)0x4000D000u)

enum { RNG_INT_VALRDY = 1, RNG_CONFIG_DERCEN = 1 };

/* ---- SAADC ---- */
struct saadc_channel_regs {
  reg PSELP, PSELN, CONFIG, LIMIT;
};
struct saadc_regs {
  reg TASKS_START, TASKS_SAMPLE, TASKS_STOP, TASKS_CALIBRATEOFFSET;
  reg reserved_0[60];
  reg EVENTS_STARTED, EVENTS_END, EVENTS_DONE, EVENTS_RESULTDONE, EVENTS_CALIBRATEDONE, EVENTS_STOPPED;
  reg reserved_1[122];
  reg INTEN, INTENSET, INTENCLR;
  reg reserved_2[125];
  reg ENABLE;
  reg reserved_3[3];
  struct saadc_channel_regs CH[8];
  reg reserved_4[24];
  reg RESOLUTION, OVERSAMPLE, SAMPLERATE;
  reg reserved_5[12];
  reg RESULT_PTR, RESULT_MAXCNT, RESULT_AMOUNT;
};
AT(saadc_regs, EVENTS_STARTED, 0x100);
AT(saadc_regs, INTEN, 0x300);
AT(saadc_regs, ENABLE, 0x500);
AT(saadc_regs, CH, 0x510);
AT(saadc_regs, RESOLUTION, 0x5F0);
AT(saadc_regs, RESULT_PTR, 0x62C);
#define SAADC ((struct saadc_regs*)0x40007000u)

enum {
  SAADC_INT_STARTED = 1 << 0,
  SAADC_INT_END = 1 << 1,
  SAADC_INT_STOPPED = 1 << 5,
  SAADC_PSEL_NONE = 0,
  SAADC_PSEL_AIN0 = 1,
  SAADC_PSEL_VDD = 9,
  SAADC_CONFIG_GAIN_1_6 = 0 << 8,
  SAADC_CONFIG_GAIN_1_5 = 1 << 8,
  SAADC_CONFIG_REF_INTERNAL = 0 << 12, /* 0.6 V */
  SAADC_CONFIG_TACQ_10US = 2 << 16,
  SAADC_RESOLUTION_12BIT = 2,
};

/* ---- GPIO ---- */
struct gpio_regs {
  reg reserved_0[321];
  reg OUT, OUTSET, OUTCLR, IN, DIR, DIRSET, DIRCLR;
  reg reserved_1[120];
  reg PIN_CNF[32];
};
AT(gpio_regs, OUT, 0x504);
AT(gpio_regs, PIN_CNF, 0x700);
#define P0 ((struct gpio_regs*)0x50000000u)

enum { GPIO_CNF_OUTPUT = 3 }; /* direction output, input buffer disconnected */

/* ---- PPI ---- */
struct ppi_channel_regs {
  reg EEP, TEP;
};
struct ppi_regs {
  reg reserved_0[320];
  reg CHEN, CHENSET, CHENCLR;
  reg reserved_1[1];
  struct ppi_channel_regs CH[20];
};
AT(ppi_regs, CHEN, 0x500);
AT(ppi_regs, CH, 0x510);
#define PPI ((struct ppi_regs*)0x4001F000u)

/* ---- RADIO ---- */
struct radio_regs {
  reg TASKS_TXEN, TASKS_RXEN, TASKS_START, TASKS_STOP, TASKS_DISABLE;
  reg reserved_0[6];
  reg TASKS_CCASTART, TASKS_CCASTOP;
  reg reserved_1[51];
  reg EVENTS_READY, EVENTS_ADDRESS, EVENTS_PAYLOAD, EVENTS_END, EVENTS_DISABLED;
  reg reserved_2[9];
  reg EVENTS_FRAMESTART;
  reg reserved_3[2];
  reg EVENTS_CCAIDLE, EVENTS_CCABUSY;
  reg reserved_4[8];
  reg EVENTS_PHYEND;
  reg reserved_5[36];
  reg SHORTS;
  reg reserved_6[64];
  reg INTENSET, INTENCLR;
  reg reserved_7[61];
  reg CRCSTATUS;
  reg reserved_8[64];
  reg PACKETPTR, FREQUENCY, TXPOWER, MODE, PCNF0, PCNF1;
  reg reserved_9[6];
  reg CRCCNF, CRCPOLY, CRCINIT;
  reg reserved_10[4];
  reg STATE;
  reg reserved_11[63];
  reg MODECNF0;
  reg reserved_12[3];
  reg SFD, EDCNT, EDSAMPLE, CCACTRL;
  reg reserved_13[611];
  reg POWER;
};
AT(radio_regs, TASKS_CCASTART, 0x02C);
AT(radio_regs, EVENTS_READY, 0x100);
AT(radio_regs, EVENTS_FRAMESTART, 0x138);
AT(radio_regs, EVENTS_CCAIDLE, 0x144);
AT(radio_regs, EVENTS_PHYEND, 0x16C);
AT(radio_regs, SHORTS, 0x200);
AT(radio_regs, INTENSET, 0x304);
AT(radio_regs, CRCSTATUS, 0x400);
AT(radio_regs, PACKETPTR, 0x504);
AT(radio_regs, CRCCNF, 0x534);
AT(radio_regs, STATE, 0x550);
AT(radio_regs, MODECNF0, 0x650);
AT(radio_regs, SFD, 0x660);
AT(radio_regs, CCACTRL, 0x66C);
AT(radio_regs, POWER, 0xFFC);
#define RADIO ((struct radio_regs*)0x40001000u)

enum {
  RADIO_SHORT_END_DISABLE = 1 << 1,
  RADIO_SHORT_RXREADY_CCASTART = 1 << 11,
  RADIO_SHORT_CCAIDLE_TXEN = 1 << 12,
  RADIO_SHORT_CCABUSY_DISABLE = 1 << 13,
  RADIO_SHORT_TXREADY_START = 1 << 18,
  RADIO_SHORT_RXREADY_START = 1 << 19,
  RADIO_SHORT_PHYEND_DISABLE = 1 << 20,
  RADIO_INT_DISABLED = 1 << 4,
  RADIO_MODE_IEEE802154 = 15,
  RADIO_PCNF0_LENGTH_8BIT = 8,
  RADIO_PCNF0_PREAMBLE_32BIT_ZERO = 2 << 24,
  RADIO_PCNF0_LENGTH_COUNTS_CRC = 1 << 26,
  RADIO_CRCCNF_IEEE802154 = (2 << 8) | 2, /* two bytes, not over the length byte */
  RADIO_CRCPOLY_IEEE802154 = 0x11021,
  RADIO_MODECNF0_FAST_RAMP_UP = 1 << 0,
  RADIO_MODECNF0_DTX_CENTER = 2 << 8, /* the only choice in this mode */
  RADIO_CCA_ENERGY = 0,
  RADIO_CCA_CARRIER = 1,
};

/* ---- NVMC ---- */
struct nvmc_regs {
  reg reserved_0[336];
  reg ICACHECNF;
};
AT(nvmc_regs, ICACHECNF, 0x540);
#define NVMC ((struct nvmc_regs*)0x4001E000u)

enum { NVMC_ICACHE_ENABLE = 1 };

/* ---- Factory and user information ---- */
struct ficr_regs {
  const reg reserved_0[24];
  const reg DEVICEID[2];
  const reg reserved_1[15];
  const reg DEVICEADDR[2];
};
AT(ficr_regs, DEVICEID, 0x060);
AT(ficr_regs, DEVICEADDR, 0x0A4);
#define FICR ((struct ficr_regs*)0x10000000u)

struct uicr_regs {
  const reg reserved_0[32];
  const reg CUSTOMER[32];
  const reg reserved_1[66];
  const reg APPROTECT;
};
AT(uicr_regs, CUSTOMER, 0x080);
AT(uicr_regs, APPROTECT, 0x208);
#define UICR ((struct uicr_regs*)0x10001000u)

#endif
