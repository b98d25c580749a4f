#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "devices/nrf/radio.h"
#include "devices/nrf/radio_offsets.h"

/// RADIO's packets: sending (PS 6.20.12.5) and receiving (6.20.12.6).
namespace xedgesim::devices::nrf {

using namespace bus;
using namespace radio;

namespace {

constexpr uint32_t kSkipAddrIeee802154 = 2;

enum TxStep : uint8_t { at_address, at_frame_start, at_payload, at_end };

}  // namespace

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
  const size_t longest = air::kMaxPsdu - setup.bytes;
  if (payload > longest) {
    note(fmt::format("frame of {} bytes cut to the 127 of IEEE 802.15.4", payload + setup.bytes));
    payload = longest;
  }
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

}  // namespace xedgesim::devices::nrf
