#include <fmt/format.h>

#include <array>

#include "devices/nrf/radio.h"
#include "devices/nrf/radio_offsets.h"

/// RADIO's measurements and its bit counter.
namespace xedgesim::devices::nrf {

using namespace bus;
using namespace radio;

namespace {

// PS 6.20.15.
constexpr Duration kRssiSettle = Duration::us(15), kBit = Duration::us(4);

}  // namespace

// --- measurements (PS 6.20.12.3, 6.20.12.4 and 6.20.8)

void Radio::start_cca() {
  if (!receiver_on()) return;
  const uint32_t ctrl = value(kCcaCtrl);
  const uint32_t mode = kCcaMode.of(ctrl);
  constexpr std::array kModes = {air::CcaMode::energy, air::CcaMode::carrier,
                                 air::CcaMode::carrier_and_energy, air::CcaMode::carrier_or_energy};
  if (mode >= kModes.size()) return note(fmt::format("CCAMODE {} is not modelled", mode));
  cca_token_ = ++last_token_;
  const int64_t threshold_cdbm = 100 * (kEdOffsetDbm + kCcaEdThreshold.of(ctrl));
  send(air::Code::cca_start,
       {frequency_mhz(), static_cast<int64_t>(kModes[mode]), threshold_cdbm, cca_token_});
  board().sync_at(now() + air::kCcaTime);
}

void Radio::stop_cca() {
  cca_token_ = 0;
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
