#include "devices/nrf/radio.h"

#include <fmt/format.h>

#include <algorithm>

#include "devices/nrf/radio_offsets.h"

namespace xedgesim::devices::nrf {

using namespace bus;
using namespace radio;

namespace {

constexpr uint32_t kModeIeee802154 = 15;
constexpr uint32_t kSkipAddrIeee802154 = 2;
constexpr uint32_t kCcaEd = 0, kCcaCarrier = 1, kCcaCarrierAndEd = 2, kCcaCarrierOrEd = 3;

// PS 6.20.15: timing in IEEE 802.15.4 mode.
constexpr Duration kRampUpDefault = Duration::us(130), kRampUpFast = Duration::us(40);
constexpr Duration kTxDisableTime = Duration::us(21), kRxDisableTime = Duration::ns(500);
constexpr Duration kRssiSettle = Duration::us(15);
constexpr Duration kBit = Duration::us(4);
// EDSAMPLE and CCAEDTHRES count dB above this level; LQI in RAM is a quarter of the standard's
// (ED_RSSISCALE).
constexpr int64_t kEdOffsetDbm = -92, kEdScale = 4;

enum Alarm : uint32_t { state_change, bit_match };
enum TxStep : uint8_t { at_address, at_frame_start, at_payload, at_end };

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
  reset();  // switching the peripheral off and on restores the reset values (PS 6.20.14.x, POWER)
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

double Radio::tx_current(int dbm) const {
  // The listed power nearest above; the strongest listed one when there is none.
  constexpr std::string_view kPrefix = "radio_tx.";
  double best = 0, strongest = 0;
  int best_dbm = 1000, strongest_dbm = -1000;
  const Currents& currents = resources().currents;
  for (auto it = currents.lower_bound(kPrefix); it != currents.end() && it->first.starts_with(kPrefix);
       ++it) {
    const int listed = std::atoi(it->first.c_str() + kPrefix.size());
    if (listed >= dbm && listed < best_dbm) {
      best_dbm = listed;
      best = it->second;
    }
    if (listed > strongest_dbm) {
      strongest_dbm = listed;
      strongest = it->second;
    }
  }
  return best_dbm != 1000 ? best : strongest;
}

void Radio::account() {
  const bool transmitter = state_ >= State::tx_ramp_up;
  const bool receiver = state_ != State::disabled && !transmitter;
  board().current("radio_tx", transmitter ? tx_current(tx_power_dbm()) : 0.0);
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
  cca_token_ = second_cca_token_ = ed_token_ = 0;
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

// --- transmission

void Radio::start_transmission() {
  const uint32_t pcnf0 = value(kPcnf0);
  if (kLfLen.of(pcnf0) != 8 || kS0Len.of(pcnf0) != 0 || kS1Len.of(pcnf0) != 0) {
    note("PCNF0 is not that of IEEE 802.15.4 (LFLEN 8, S0LEN 0, S1LEN 0): sent as if it were");
  }
  const CrcSetup setup = crc_setup();
  const uint32_t ptr = value(kPacketPtr);
  std::array<uint8_t, 256> buffer{};
  if (!board().dma_read(ptr, {buffer.data(), 1})) buffer[0] = 0;
  size_t payload = std::min<uint32_t>(buffer[0], kMaxLen.of(value(kPcnf1)));
  if (kCrcInc.of(pcnf0) != 0) payload = payload > setup.bytes ? payload - setup.bytes : 0;
  if (!board().dma_read(ptr + 1, {buffer.data() + 1, payload})) payload = 0;

  const size_t skipped = kSkipAddr.of(value(kCrcCnf)) == kSkipAddrIeee802154 ? 1 : 0;
  const uint32_t fcs = crc(setup, {buffer.data() + skipped, payload + 1 - skipped});
  sim::Bytes psdu(buffer.begin() + 1, buffer.begin() + 1 + static_cast<ptrdiff_t>(payload));
  for (unsigned i = 0; i < setup.bytes; ++i) psdu.push_back(static_cast<uint8_t>(fcs >> 8 * i));

  state_ = State::tx;
  tx_start_ = now();
  tx_psdu_ = static_cast<int64_t>(psdu.size());
  tx_crc_bytes_ = setup.bytes;
  tx_step_ = at_address;
  send(air::Code::tx_start, {frequency_mhz(), int64_t{100} * tx_power_dbm(), 0, 0},
       std::make_shared<const sim::Bytes>(std::move(psdu)));
  arm(state_alarm_, tx_start_ + air::kShr, state_change);
}

void Radio::transmission_step() {
  switch (tx_step_++) {
    case at_address:
      arm(state_alarm_, tx_start_ + air::kShr + air::kPhr, state_change);
      return generate(kAddress);
    case at_frame_start:
      arm(state_alarm_, tx_start_ + air::frame_duration(tx_psdu_ - tx_crc_bytes_), state_change);
      return generate(kFrameStart);
    case at_payload:
      arm(state_alarm_, tx_start_ + air::frame_duration(tx_psdu_), state_change);
      return generate(kPayload);
    default:
      return transmission_done();
  }
}

void Radio::transmission_done() {
  state_ = State::tx_idle;
  last_end_ = now();
  generate(kEnd);
  generate(kPhyEnd);
}

// --- reception

void Radio::start_reception() {
  state_ = State::rx;
  rx_ptr_ = value(kPacketPtr);
  send(air::Code::listen, {frequency_mhz(), 0, 0, 0});
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
      if (is(cca_token_) || is(second_cca_token_)) cca_answer(e.args[0] != 0);
      return;
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

void Radio::frame_started(const sim::Event& e) {
  receiving_ = true;
  frame_start_ = now();
  preview_ = e.data;
  const auto length = static_cast<uint8_t>(e.args[0]);
  board().dma_write(rx_ptr_, {&length, 1});
  generate(kSync);
  generate(kAddress);
  generate(kFrameStart);
}

void Radio::store_received_so_far() {
  if (!receiving_ || preview_ == nullptr) return;
  const auto arrived = static_cast<size_t>((now() - frame_start_) / air::kByte);
  const size_t n = std::min({arrived, preview_->size(), size_t{kMaxLen.of(value(kPcnf1))}});
  board().dma_write(rx_ptr_ + 1, {preview_->data(), n});
}

void Radio::frame_ended(const sim::Event& e) {
  const sim::Bytes empty;
  const sim::Bytes& psdu = e.data != nullptr ? *e.data : empty;
  const CrcSetup setup = crc_setup();
  const size_t fcs_bytes = std::min<size_t>(setup.bytes, psdu.size());
  const size_t payload = psdu.size() - fcs_bytes;

  // RAM: length, payload without the CRC, link quality (PS 6.20.12.6).
  std::array<uint8_t, 258> out{};
  out[0] = static_cast<uint8_t>(kCrcInc.of(value(kPcnf0)) != 0 ? psdu.size() : payload);
  const size_t stored = std::min<size_t>(payload, kMaxLen.of(value(kPcnf1)));
  std::copy_n(psdu.begin(), stored, out.begin() + 1);
  out[1 + stored] = static_cast<uint8_t>(std::clamp<int64_t>(e.args[2], 0, 255) / kEdScale);
  board().dma_write(rx_ptr_, {out.data(), stored + 2});

  uint32_t received_fcs = 0;
  for (size_t i = 0; i < fcs_bytes; ++i) received_fcs |= uint32_t{psdu[payload + i]} << 8 * i;
  uint32_t expected_fcs = 0;
  if (kSkipAddr.of(value(kCrcCnf)) == kSkipAddrIeee802154) {
    expected_fcs = crc(setup, {psdu.data(), payload});
  } else {
    std::vector<uint8_t> with_length(psdu.begin(), psdu.begin() + static_cast<ptrdiff_t>(payload));
    with_length.insert(with_length.begin(), out[0]);
    expected_fcs = crc(setup, with_length);
  }
  const bool crc_ok = fcs_bytes == setup.bytes && received_fcs == expected_fcs;
  set_value(kRxCrc, received_fcs);
  set_value(kCrcStatus, crc_ok ? 1 : 0);

  uint32_t header = 0;
  for (size_t i = 0; i < std::min<size_t>(4, payload); ++i) header |= uint32_t{psdu[i]} << 8 * i;
  const uint32_t mask = value(kMhrMatchMask);
  const bool header_matches = mask != 0 && (header & mask) == (value(kMhrMatchConf) & mask);

  leave_active_state();
  state_ = State::rx_idle;
  last_end_ = now();
  if (header_matches) generate(kMhrMatch);
  generate(kPayload);
  generate(crc_ok ? kCrcOk : kCrcError);
  generate(kEnd);
  generate(kPhyEnd);
}

// --- measurements (PS 6.20.12.3, 6.20.12.4 and 6.20.8)

void Radio::start_cca() {
  if (!receiver_on()) return;
  const uint32_t ctrl = value(kCcaCtrl);
  const int64_t threshold_cdbm = 100 * (kEdOffsetDbm + kCcaEdThreshold.of(ctrl));
  const uint32_t mode = kCcaMode.of(ctrl);
  if (mode > kCcaCarrierOrEd) return note(fmt::format("CCAMODE {} is not modelled", mode));
  // The combined modes ask the medium for both kinds and combine the answers here.
  const auto ask = [&](int64_t kind) {
    send(air::Code::cca_start, {frequency_mhz(), kind, threshold_cdbm, ++last_token_});
    return last_token_;
  };
  constexpr int64_t kEnergy = 1, kCarrier = 2;
  cca_answers_ = cca_busy_ = 0;
  cca_token_ = ask(mode == kCcaCarrier ? kCarrier : kEnergy);
  second_cca_token_ = mode >= kCcaCarrierAndEd ? ask(kCarrier) : 0;
  cca_expected_ = mode >= kCcaCarrierAndEd ? 2 : 1;
  board().sync_at(now() + air::kCcaTime);
}

void Radio::cca_answer(bool busy) {
  ++cca_answers_;
  cca_busy_ += busy ? 1 : 0;
  if (cca_answers_ < cca_expected_) return;
  cca_token_ = second_cca_token_ = 0;
  const bool needs_both = kCcaMode.of(value(kCcaCtrl)) == kCcaCarrierAndEd;
  const bool result = needs_both ? cca_busy_ == cca_expected_ : cca_busy_ > 0;
  generate(result ? kCcaBusy : kCcaIdle);
}

void Radio::stop_cca() {
  cca_token_ = second_cca_token_ = 0;
  generate(kCcaStopped);
}

void Radio::start_ed() {
  if (!receiver_on()) return;
  const Duration duration = air::kCcaTime * (int64_t{value(kEdCnt)} + 1);
  ed_token_ = ++last_token_;
  send(air::Code::ed_start, {frequency_mhz(), duration.count_ns(), 0, ed_token_});
  board().sync_at(now() + duration);
}

void Radio::stop_ed() {
  ed_token_ = 0;
  generate(kEdStopped);
}

void Radio::start_rssi() {
  if (!receiver_on()) return;
  rssi_token_ = ++last_token_;
  send(air::Code::rssi_sample, {frequency_mhz(), kRssiSettle.count_ns(), 0, rssi_token_});
  board().sync_at(now() + kRssiSettle);
}

// --- bit counter (PS 6.20.11)

void Radio::start_bit_counter() {
  counting_bits_ = true;
  bits_from_ = now();
  arm_bit_counter();
}

void Radio::stop_bit_counter() {
  counting_bits_ = false;
  disarm(bit_alarm_);
}

void Radio::arm_bit_counter() {
  if (!counting_bits_) return;
  const SimTime when = bits_from_ + kBit * value(kBcc);
  if (when > now()) {
    arm(bit_alarm_, when, bit_match);
  } else {
    disarm(bit_alarm_);
  }
}

}  // namespace xedgesim::devices::nrf
