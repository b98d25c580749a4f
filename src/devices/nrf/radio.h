#pragma once
#include <vector>

#include "devices/nrf/peripheral.h"
#include "devices/nrf/radio_frame.h"
#include "sim/air.h"

namespace xedgesim::devices::nrf {

/// RADIO in IEEE 802.15.4 mode (nRF52840 PS v1.1, 6.20; MODE = 15). Its antenna is src/sim/air.h.
///
/// Timing: ramp-up 130 us (MODECNF0.RU = Default) or 40 us (Fast), also between receiver and transmitter;
/// disabling 21 us after TX and 0.5 us after RX; CCA 128 us; ED (EDCNT + 1) * 128 us; RSSI 15 us. The first
/// preamble symbol leaves at START. ADDRESS follows the SFD, FRAMESTART the PHR, PAYLOAD the last byte before
/// the CRC, END and PHYEND the last symbol.
///
/// Limits. Other modes are refused with a log line: TXEN and RXEN then do nothing. A frame to be sent is read
/// from RAM at START, a received one is written at its end, except that BCMATCH finds in RAM what has arrived
/// so far when the medium tells the bytes in advance (data of frame_start). When receiving, SYNC and ADDRESS
/// come with FRAMESTART, and MHRMATCH and PAYLOAD with END. Turning on draws the full current from TXEN or
/// RXEN on. The device address match and whitening registers hold their values without effect.
class Radio final : public Peripheral {
 public:
  Radio(const DeviceParams& params, bus::Board& board, Resources& resources);
  void reset() override;
  void on_alarm(uint32_t code) override;
  void on_delivery(const sim::Event& e) override;

 private:
  /// Values of the STATE register.
  enum class State : uint8_t {
    disabled = 0,
    rx_ramp_up = 1,
    rx_idle = 2,
    rx = 3,
    rx_disable = 4,
    tx_ramp_up = 9,
    tx_idle = 10,
    tx = 11,
    tx_disable = 12,
  };
  static const bus::TaskEventTable& registers();

  void enable_tx();
  void enable_rx();
  void start();
  void stop();
  void disable();
  void start_rssi();
  void stop_rssi() { rssi_token_ = 0; }
  void start_bit_counter();
  void stop_bit_counter();
  void start_ed();
  void stop_ed();
  void start_cca();
  void stop_cca();
  uint32_t read_state(unsigned) { return static_cast<uint32_t>(state_); }
  void write_bcc(unsigned, uint32_t) { arm_bit_counter(); }
  void write_power(unsigned, uint32_t on);

  bool receiver_on() const { return state_ == State::rx_idle || state_ == State::rx; }
  bool ieee802154(const char* task) const;
  void ramp_up(State state, bool tifs_applies);
  void ramped_up();
  void leave_active_state();
  void switch_off();
  void disabled();
  void start_transmission();
  void transmission_step();
  void transmission_done();
  void start_reception();
  void frame_started(const sim::Event& e);
  void frame_ended(const sim::Event& e);
  void store_received_so_far();
  void arm_bit_counter();
  void account();
  CrcSetup crc_setup() const;
  int64_t frequency_mhz() const;
  int tx_power_dbm() const;
  void send(air::Code code, std::array<int64_t, 4> args, sim::SharedBytes data = nullptr);

  State state_ = State::disabled;
  bus::AlarmId state_alarm_ = 0, bit_alarm_ = 0;
  // transmission
  uint8_t tx_step_ = 0;
  SimTime tx_start_;
  int64_t tx_psdu_ = 0, tx_crc_bytes_ = 0;
  SimTime last_end_;  ///< of the last frame sent or received, for TIFS
  bool in_disabled_ = false;
  // reception
  bool receiving_ = false;
  uint32_t rx_ptr_ = 0;
  sim::SharedBytes preview_;
  SimTime frame_start_;
  // measurements: token of the one under way, 0 for none
  int64_t last_token_ = 0;
  int64_t cca_token_ = 0, ed_token_ = 0, rssi_token_ = 0;
  // bit counter
  bool counting_bits_ = false;
  SimTime bits_from_;
};

}  // namespace xedgesim::devices::nrf
