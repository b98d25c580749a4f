#include "devices/nrf/radio.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "devices/nrf/radio_offsets.h"

namespace xedgesim::devices::nrf {

using namespace bus;
using namespace radio;

namespace {

constexpr uint32_t kModeIeee802154 = 15;

// PS 6.20.15: timing in IEEE 802.15.4 mode.
constexpr Duration kRampUpDefault = Duration::us(130), kRampUpFast = Duration::us(40);
constexpr Duration kTxDisableTime = Duration::us(21), kRxDisableTime = Duration::ns(500);

int64_t round_dbm(int64_t cdbm) { return (cdbm + (cdbm >= 0 ? 50 : -50)) / 100; }

}  // namespace

Radio::Radio(const DeviceParams& params, Board& board, Resources& resources)
    : Peripheral(params, registers(), board, resources) {}

void Radio::reset() {
  switch_off();
  Peripheral::reset();
}

void Radio::write_power(unsigned, uint32_t on) {
  if (on != 0) return;
  reset();  // switching the peripheral off and on restores the reset values (PS 6.20.14, POWER)
  set_value(kPower, 0);
}

void Radio::send(air::Code code, std::array<int64_t, 4> args, sim::SharedBytes data) {
  board().transmit(*this, air::make(code, sim::EventKind::state, now(), sim::kNobody, args, std::move(data)));
}

int64_t Radio::frequency_mhz() const {
  const uint32_t f = value(kFrequency);
  return (kMap.of(f) != 0 ? 2360 : 2400) + kChannelOffset.of(f);
}

int Radio::tx_power_dbm() const { return static_cast<int8_t>(value(kTxPower)); }

CrcSetup Radio::crc_setup() const {
  return {.bytes = kCrcLen.of(value(kCrcCnf)), .polynomial = value(kCrcPoly), .initial = value(kCrcInit)};
}

// --- energy

void Radio::account() {
  const bool transmitter = state_ >= State::tx_ramp_up;
  const bool receiver = state_ != State::disabled && !transmitter;
  board().current("radio_tx", transmitter ? transmit_amperes(resources().currents, tx_power_dbm()) : 0.0);
  board().current("radio_rx", receiver ? amperes("radio_rx") : 0.0);
}

// --- state machine (PS 6.20.3)

bool Radio::ieee802154(const char* task) const {
  if (value(kPower) == 0) return false;
  if (value(kMode) == kModeIeee802154) return true;
  note(fmt::format("{} with MODE = {} refused: only IEEE 802.15.4 (15) is modelled", task, value(kMode)));
  return false;
}

void Radio::enable_tx() {
  if (!ieee802154("TASKS_TXEN")) return;
  if (state_ != State::disabled && !receiver_on() && state_ != State::tx_idle) return;
  leave_active_state();
  ramp_up(State::tx_ramp_up, in_disabled_);
}

void Radio::enable_rx() {
  if (!ieee802154("TASKS_RXEN")) return;
  if (state_ != State::disabled && state_ != State::tx_idle && state_ != State::rx_idle) return;
  leave_active_state();
  ramp_up(State::rx_ramp_up, false);
}

void Radio::ramp_up(State state, bool tifs_applies) {
  if (links().clocks != nullptr && !links().clocks->hfxo_running()) {
    note("switched on while HFXO is not running: the chip would be off frequency");
  }
  state_ = state;
  account();
  const bool fast = kRampUp.of(value(kModeCnf0)) != 0;
  SimTime ready = now() + (fast ? kRampUpFast : kRampUpDefault);
  // TIFS is kept by hardware only with the default ramp-up and the DISABLED_TXEN short (PS 6.20.9).
  if (tifs_applies && !fast) ready = std::max(ready, last_end_ + Duration::us(value(kTifs)));
  arm(state_alarm_, ready, state_change);
}

void Radio::ramped_up() {
  const bool transmitter = state_ == State::tx_ramp_up;
  state_ = transmitter ? State::tx_idle : State::rx_idle;
  generate(kReady);
  generate(transmitter ? kTxReady : kRxReady);
}

/// What a frame or measurement under way needs when the state is left: the medium is told.
void Radio::leave_active_state() {
  disarm(state_alarm_);
  if (state_ == State::tx) send(air::Code::tx_abort, {});
  if (state_ == State::rx) send(air::Code::unlisten, {});
  receiving_ = false;
  preview_ = nullptr;
  cca_token_ = ed_token_ = 0;
}

void Radio::switch_off() {
  leave_active_state();
  disarm(bit_alarm_);
  counting_bits_ = false;
  rssi_token_ = 0;
  state_ = State::disabled;
  last_end_ = SimTime::zero();
  account();
}

void Radio::start() {
  if (state_ == State::tx_idle) {
    start_transmission();
  } else if (state_ == State::rx_idle) {
    start_reception();
  }
}

void Radio::stop() {
  if (state_ == State::tx) {
    leave_active_state();
    state_ = State::tx_idle;
  } else if (state_ == State::rx) {
    leave_active_state();
    state_ = State::rx_idle;
  }
}

void Radio::disable() {
  if (value(kPower) == 0) return;
  if (state_ == State::disabled) return disabled();
  if (state_ == State::rx_disable || state_ == State::tx_disable) return;
  const bool transmitter = state_ >= State::tx_ramp_up;
  leave_active_state();
  stop_bit_counter();
  state_ = transmitter ? State::tx_disable : State::rx_disable;
  arm(state_alarm_, now() + (transmitter ? kTxDisableTime : kRxDisableTime), state_change);
}

void Radio::disabled() {
  state_ = State::disabled;
  account();
  in_disabled_ = true;
  generate(kDisabled);
  in_disabled_ = false;
}

void Radio::on_alarm(uint32_t code) {
  if (code == bit_match) {
    done(bit_alarm_);
    store_received_so_far();
    return generate(kBcMatch);
  }
  done(state_alarm_);
  switch (state_) {
    case State::rx_ramp_up:
    case State::tx_ramp_up:
      return ramped_up();
    case State::rx_disable:
    case State::tx_disable:
      return disabled();
    case State::tx:
      return transmission_step();
    default:
      return;
  }
}

void Radio::on_delivery(const sim::Event& e) {
  const auto is = [&e](int64_t token) { return token != 0 && e.args[3] == token; };
  switch (static_cast<air::Code>(e.code)) {
    case air::Code::frame_start:
      if (state_ == State::rx && !receiving_) frame_started(e);
      return;
    case air::Code::frame_end:
      if (state_ == State::rx && receiving_) frame_ended(e);
      return;
    case air::Code::cca_result:
      if (!is(cca_token_)) return;
      cca_token_ = 0;
      return generate(e.args[0] != 0 ? kCcaBusy : kCcaIdle);
    case air::Code::ed_result:
      if (!is(ed_token_)) return;
      ed_token_ = 0;
      set_value(kEdSample,
                static_cast<uint32_t>(std::clamp<int64_t>(round_dbm(e.args[0]) - kEdOffsetDbm, 0, 127)));
      return generate(kEdEnd);
    case air::Code::rssi_result:
      if (!is(rssi_token_)) return;
      rssi_token_ = 0;
      set_value(kRssiSample, static_cast<uint32_t>(std::clamp<int64_t>(-round_dbm(e.args[0]), 0, 127)));
      return generate(kRssiEnd);
    default:
      return;
  }
}

}  // namespace xedgesim::devices::nrf
