#include "devices/nrf/uarte.h"

#include <fmt/format.h>

#include <algorithm>

namespace xedgesim::devices::nrf {

using namespace bus;

namespace {

constexpr uint32_t kRxdRdy = 0x108, kEndRx = 0x110, kTxdRdy = 0x11c, kEndTx = 0x120, kError = 0x124,
                   kRxto = 0x144;
constexpr uint32_t kRxStarted = 0x14c, kTxStarted = 0x150, kTxStopped = 0x158;
constexpr uint32_t kPselTxd = 0x50c, kBaudrate = 0x524, kConfig = 0x56c;
constexpr uint32_t kRxdPtr = 0x534, kRxdMaxcnt = 0x538, kRxdAmount = 0x53c;
constexpr uint32_t kTxdPtr = 0x544, kTxdMaxcnt = 0x548, kTxdAmount = 0x54c;
constexpr Field kPin{"PIN", 0, 5}, kPort{"PORT", 5}, kConnect{"CONNECT", 31}, kCount{"MAXCNT", 0, 16};
constexpr Field kHwfc{"HWFC", 0}, kParity{"PARITY", 1, 3}, kStop{"STOP", 4};
constexpr uint32_t kEnableLegacy = 4, kEnableDma = 8;
constexpr uint32_t kOverrun = 1;
constexpr size_t kLegacyFifo = 6, kDmaFifo = 4;  // bytes, PS 6.33.4 and 6.34.2

enum Alarm : uint32_t { tx_done, rx_byte, rx_timeout };

}  // namespace

const TaskEventTable& Uarte::registers() {
  using U = Uarte;
  static const TaskEventTable table(
      {
          task(0x000, "TASKS_STARTRX", run<&U::start_rx>),
          task(0x004, "TASKS_STOPRX", run<&U::stop_rx>),
          task(0x008, "TASKS_STARTTX", run<&U::start_tx>),
          task(0x00c, "TASKS_STOPTX", run<&U::stop_tx>),
          task(0x01c, "TASKS_SUSPEND", run<&U::suspend>),
          task(0x02c, "TASKS_FLUSHRX", run<&U::flush_rx>),
          event(0x100, "EVENTS_CTS"),
          event(0x104, "EVENTS_NCTS"),
          event(kRxdRdy, "EVENTS_RXDRDY"),
          event(kEndRx, "EVENTS_ENDRX"),
          event(kTxdRdy, "EVENTS_TXDRDY"),
          event(kEndTx, "EVENTS_ENDTX"),
          event(kError, "EVENTS_ERROR"),
          event(kRxto, "EVENTS_RXTO"),
          event(kRxStarted, "EVENTS_RXSTARTED"),
          event(kTxStarted, "EVENTS_TXSTARTED"),
          event(kTxStopped, "EVENTS_TXSTOPPED"),
      },
      {
          {.bit = 3, .event = 0x100, .task = 0x000},  // CTS_STARTRX, NCTS_STOPRX: legacy
          {.bit = 4, .event = 0x104, .task = 0x004},
          {.bit = 5, .event = kEndRx, .task = 0x000},  // ENDRX_STARTRX, ENDRX_STOPRX: EasyDMA
          {.bit = 6, .event = kEndRx, .task = 0x004},
      },
      {
          {.offset = 0x480,
           .name = "ERRORSRC",
           .fields = {{"ERRORS", 0, 4}},
           .read = get<&U::errors>,
           .write = set<&U::clear_errors>},
          {.offset = 0x500, .name = "ENABLE", .fields = {{"ENABLE", 0, 4}}, .write = set<&U::write_enable>},
          {.offset = 0x508, .name = "PSEL.RTS", .reset = 0xffffffff, .fields = {kPin, kPort, kConnect}},
          {.offset = kPselTxd, .name = "PSEL.TXD", .reset = 0xffffffff, .fields = {kPin, kPort, kConnect}},
          {.offset = 0x510, .name = "PSEL.CTS", .reset = 0xffffffff, .fields = {kPin, kPort, kConnect}},
          {.offset = 0x514, .name = "PSEL.RXD", .reset = 0xffffffff, .fields = {kPin, kPort, kConnect}},
          {.offset = 0x518, .name = "RXD", .access = Access::ro, .read = get<&U::read_rxd>},
          {.offset = 0x51c,
           .name = "TXD",
           .access = Access::wo,
           .fields = {{"TXD", 0, 8}},
           .write = set<&U::write_txd>},
          {.offset = kBaudrate, .name = "BAUDRATE", .reset = 0x04000000},
          {.offset = kRxdPtr, .name = "RXD.PTR"},
          {.offset = kRxdMaxcnt, .name = "RXD.MAXCNT", .fields = {kCount}},
          {.offset = kRxdAmount, .name = "RXD.AMOUNT", .access = Access::ro},
          {.offset = kTxdPtr, .name = "TXD.PTR"},
          {.offset = kTxdMaxcnt, .name = "TXD.MAXCNT", .fields = {kCount}},
          {.offset = kTxdAmount, .name = "TXD.AMOUNT", .access = Access::ro},
          {.offset = kConfig, .name = "CONFIG", .fields = {kHwfc, kParity, kStop}},
      },
      true);
  return table;
}

Uarte::Uarte(const DeviceParams& params, Board& board, Resources& resources)
    : Peripheral(params, registers(), board, resources), has_legacy_(params.flag("legacy", false)) {}

void Uarte::reset() {
  for (AlarmId* a : {&tx_alarm_, &rx_alarm_, &rxto_alarm_}) disarm(*a);
  Peripheral::reset();
  mode_ = Mode::off;
  tx_on_ = tx_stopping_ = line_busy_ = held_valid_ = rx_on_ = false;
  tx_count_ = tx_max_ = rx_count_ = rx_max_ = error_source_ = 0;
  incoming_.clear();
  fifo_.clear();
  draw("uart", false);
}

void Uarte::write_enable(unsigned, uint32_t v) {
  if (v == kEnableDma) {
    mode_ = Mode::dma;
  } else if (v == kEnableLegacy && has_legacy_) {
    mode_ = Mode::legacy;
  } else {
    if (v != 0) note(fmt::format("ENABLE = {} selects nothing in this block", v));
    mode_ = Mode::off;
    tx_on_ = rx_on_ = held_valid_ = false;
    fifo_.clear();
  }
}

Duration Uarte::byte_time() const {
  const uint32_t config = value(kConfig);
  const int64_t bits = 10 + (kParity.of(config) != 0 ? 1 : 0) + (kStop.of(config) != 0 ? 1 : 0);
  // A bit is a whole number of 16 MHz cycles: this gives the actual rates of PS 6.34, BAUDRATE.
  const int64_t cycles = (int64_t{1} << 32) / std::max<int64_t>(value(kBaudrate), 1);
  return Duration::ns((bits * cycles * 125 + 1) / 2);
}

// --- transmitter

void Uarte::start_tx() {
  if (mode_ == Mode::off || tx_on_) return;
  tx_on_ = true;
  tx_stopping_ = false;
  if (mode_ == Mode::legacy) {
    if (held_valid_ && !line_busy_) put_on_line(held_);
    return;
  }
  tx_ptr_ = value(kTxdPtr);
  tx_max_ = value(kTxdMaxcnt);
  tx_count_ = 0;
  generate(kTxStarted);
  if (!line_busy_) send_next_dma_byte();
}

void Uarte::stop_tx() {
  if (mode_ == Mode::legacy) {
    tx_on_ = false;
    return;
  }
  if (mode_ == Mode::off) return;
  if (tx_on_) {
    tx_stopping_ = true;  // the byte on the line is finished first
  } else {
    generate(kTxStopped);
  }
}

void Uarte::suspend() {
  tx_on_ = false;
  rx_on_ = false;
}

void Uarte::put_on_line(uint8_t byte) {
  held_valid_ = false;
  line_busy_ = true;
  shifting_ = byte;
  draw("uart", true);
  arm(tx_alarm_, now() + byte_time(), tx_done);
}

void Uarte::write_txd(unsigned, uint32_t v) {
  if (mode_ != Mode::legacy) return note("TXD written while the legacy UART is not enabled");
  const auto byte = static_cast<uint8_t>(v);
  if (tx_on_ && !line_busy_) return put_on_line(byte);
  if (held_valid_) note("TXD written before TXDRDY: a byte is lost");
  held_ = byte;
  held_valid_ = true;
}

void Uarte::send_next_dma_byte() {
  uint8_t byte = 0;
  if (tx_count_ == tx_max_) return finish_tx();
  if (!board().dma_read(tx_ptr_ + tx_count_, {&byte, 1})) return finish_tx();
  ++tx_count_;
  put_on_line(byte);
}

void Uarte::finish_tx() {
  const bool stopped = tx_stopping_;
  tx_on_ = tx_stopping_ = false;
  set_value(kTxdAmount, tx_count_);
  generate(kEndTx);
  if (stopped) generate(kTxStopped);
}

void Uarte::tx_byte_sent() {
  line_busy_ = false;
  draw("uart", false);
  if (kConnect.of(value(kPselTxd)) == 0) {
    board().console(name(), shifting_);
  } else {
    note("sends while PSEL.TXD is not connected to a pin: nothing comes out");
  }
  generate(kTxdRdy);
  if (!tx_on_ || line_busy_) return;
  if (mode_ == Mode::legacy) {
    if (held_valid_) put_on_line(held_);
  } else if (tx_stopping_) {
    finish_tx();
  } else {
    send_next_dma_byte();
  }
}

// --- receiver

void Uarte::on_delivery(const sim::Event& e) {
  if (e.code != kUartRx || e.data == nullptr) return;
  incoming_.insert(incoming_.end(), e.data->begin(), e.data->end());
  if (rx_alarm_ == 0 && !incoming_.empty()) arm(rx_alarm_, now() + byte_time(), rx_byte);
}

void Uarte::start_rx() {
  if (mode_ == Mode::off) return;
  rx_on_ = true;
  disarm(rxto_alarm_);
  if (mode_ == Mode::legacy) return;
  rx_ptr_ = value(kRxdPtr);
  rx_max_ = value(kRxdMaxcnt);
  rx_count_ = 0;
  generate(kRxStarted);
  drain_fifo();
}

void Uarte::stop_rx() {
  if (!rx_on_) return;
  rx_on_ = false;
  // The receiver listens for up to four more bytes, then says it has stopped (PS 6.34.3).
  arm(rxto_alarm_, now() + 4 * byte_time(), rx_timeout);
  if (mode_ == Mode::dma && rx_count_ < rx_max_) end_rx();
}

void Uarte::flush_rx() {
  if (mode_ != Mode::dma) return;
  rx_ptr_ = value(kRxdPtr);
  rx_max_ = value(kRxdMaxcnt);
  rx_count_ = 0;
  while (!fifo_.empty() && rx_count_ < rx_max_) {
    const uint8_t byte = fifo_.front();
    fifo_.pop_front();
    store_dma(byte);
  }
  end_rx();
}

void Uarte::store_dma(uint8_t byte) {
  board().dma_write(rx_ptr_ + rx_count_, {&byte, 1});
  ++rx_count_;
}

void Uarte::end_rx() {
  set_value(kRxdAmount, rx_count_);
  rx_max_ = rx_count_;
  generate(kEndRx);
}

void Uarte::drain_fifo() {
  while (rx_on_ && !fifo_.empty() && rx_count_ < rx_max_) {
    const uint8_t byte = fifo_.front();
    fifo_.pop_front();
    store_dma(byte);
    if (rx_count_ == rx_max_) end_rx();
  }
}

void Uarte::rx_byte_arrived() {
  const uint8_t byte = incoming_.front();
  incoming_.pop_front();
  if (!incoming_.empty()) arm(rx_alarm_, now() + byte_time(), rx_byte);
  const bool listening = rx_on_ || rxto_alarm_ != 0;
  if (mode_ == Mode::off || !listening) return;
  const size_t depth = mode_ == Mode::legacy ? kLegacyFifo : kDmaFifo;
  if (fifo_.size() == depth) {
    error_source_ |= kOverrun;
    return generate(kError);
  }
  fifo_.push_back(byte);
  // In legacy mode RXDRDY is generated again when the byte before it was read.
  if (mode_ == Mode::dma || fifo_.size() == 1) generate(kRxdRdy);
  if (mode_ == Mode::dma) drain_fifo();
}

uint32_t Uarte::read_rxd(unsigned) {
  if (mode_ != Mode::legacy || fifo_.empty()) return 0;
  const uint8_t byte = fifo_.front();
  fifo_.pop_front();
  if (!fifo_.empty()) generate(kRxdRdy);
  return byte;
}

void Uarte::on_alarm(uint32_t code) {
  switch (code) {
    case tx_done:
      done(tx_alarm_);
      return tx_byte_sent();
    case rx_byte:
      done(rx_alarm_);
      return rx_byte_arrived();
    default:
      done(rxto_alarm_);
      return generate(kRxto);
  }
}

}  // namespace xedgesim::devices::nrf
