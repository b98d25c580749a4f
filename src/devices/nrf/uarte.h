#pragma once
#include <deque>

#include "devices/nrf/peripheral.h"

namespace xedgesim::devices::nrf {

/// UARTE with EasyDMA and the legacy UART (nRF52840 PS v1.1, 6.33 and 6.34): one block, ENABLE selects.
/// Parameter `legacy`: whether the UART half exists (UART0) or not (UART1).
///
/// A byte takes start, 8 data, parity and stop bits, a bit the whole part of 2^32 / BAUDRATE cycles of 16
/// MHz. Bytes sent appear on Board::console at the end of their stop bit. Bytes for RXD arrive as deliveries
/// with code kUartRx, whose data follow each other on the line from the time of delivery.
///
/// Limits: the line is not routed through GPIO, TXD only has to be connected; CTS is always active, RTS is
/// not shown; framing, parity and break errors do not happen, overruns do.
class Uarte final : public Peripheral {
 public:
  static constexpr uint32_t kUartRx = bus::kSerialInput;  ///< delivery: `data` are bytes that another side sends to RXD

  Uarte(const DeviceParams& params, bus::Board& board, Resources& resources);
  void reset() override;
  void on_alarm(uint32_t code) override;
  void on_delivery(const sim::Event& e) override;

 private:
  enum class Mode : uint8_t { off, legacy, dma };
  static const bus::TaskEventTable& registers();
  void start_tx();
  void stop_tx();
  void start_rx();
  void stop_rx();
  void suspend();
  void flush_rx();
  void write_enable(unsigned, uint32_t value);
  uint32_t read_rxd(unsigned);
  void write_txd(unsigned, uint32_t value);
  uint32_t errors(unsigned) { return error_source_; }
  void clear_errors(unsigned, uint32_t ones) { error_source_ &= ~ones; }

  Duration byte_time() const;
  void put_on_line(uint8_t byte);
  void send_next_dma_byte();
  void tx_byte_sent();
  void finish_tx();
  void rx_byte_arrived();
  void store_dma(uint8_t byte);
  void end_rx();
  void drain_fifo();

  const bool has_legacy_;
  Mode mode_ = Mode::off;
  // transmitter
  bool tx_on_ = false;  ///< legacy: STARTTX given; DMA: a transfer is under way
  bool tx_stopping_ = false;
  bool line_busy_ = false;
  uint8_t shifting_ = 0;
  bool held_valid_ = false;  ///< legacy: TXD written while a byte is on the line
  uint8_t held_ = 0;
  uint32_t tx_ptr_ = 0, tx_max_ = 0, tx_count_ = 0;
  bus::AlarmId tx_alarm_ = 0;
  // receiver
  bool rx_on_ = false;
  uint32_t rx_ptr_ = 0, rx_max_ = 0, rx_count_ = 0;
  std::deque<uint8_t> incoming_;  ///< still on the line
  std::deque<uint8_t> fifo_;      ///< received, not yet read or moved to RAM
  uint32_t error_source_ = 0;
  bus::AlarmId rx_alarm_ = 0, rxto_alarm_ = 0;
};

}  // namespace xedgesim::devices::nrf
