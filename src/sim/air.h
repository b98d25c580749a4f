#pragma once
#include <cstdint>

#include "sim/event.h"

/// The contract between a radio transceiver (a RADIO peripheral, a gateway's or a model's MAC) and the
/// medium (src/net channel). Every message is an Event; these structs are its typed form.
///
/// Times are those at the antenna. Because an outcome needs time to exist (a CCA 128 µs, preamble + SFD
/// 160 µs), the medium answers with decisions; nothing a transceiver does can reach another one sooner than
/// kMinEffectDelay later, which is the window of the scheduler.
///
/// Powers are carried in hundredths of a dBm so that they are exact integers.
namespace xedgesim::air {

constexpr Duration kSymbol = Duration::us(16);    ///< 2.4 GHz O-QPSK, IEEE 802.15.4-2020 table 12-1
constexpr Duration kByte = Duration::us(32);      ///< two symbols
constexpr Duration kShr = Duration::us(160);      ///< 4 preamble bytes + SFD
constexpr Duration kPhr = Duration::us(32);       ///< the length byte
constexpr Duration kCcaTime = Duration::us(128);  ///< eight symbols
constexpr Duration kMinEffectDelay = Duration::us(128);
constexpr int kMaxPsdu = 127;  ///< bytes, FCS included

/// Time on air of a PSDU of `bytes` (FCS included), from first preamble symbol to last symbol.
constexpr Duration frame_duration(int64_t bytes) { return kShr + kPhr + bytes * kByte; }

enum class Code : uint32_t {
  // transceiver -> medium, EventKind::state
  tx_start =
      0x100,    ///< first preamble symbol leaves now. args: frequency_mhz, power_cdbm; data: PSDU with FCS
  tx_abort,     ///< transmitter switched off in the middle of a frame
  listen,       ///< receiver is on, searching afresh. args: frequency_mhz, Filter, address, acks_until_ns
  unlisten,     ///< receiver is off (also ends a reception in progress)
  cca_start,    ///< args: frequency_mhz, CcaMode, threshold_cdbm, token
  ed_start,     ///< args: frequency_mhz, duration_ns, unused, token
  rssi_sample,  ///< args: frequency_mhz, settle_ns, unused, token; the answer is due settle_ns later
  noise,  ///< power without a frame from now on. args: frequency_mhz, power_cdbm, duration_ns (at most 4 ms)
  // medium -> transceiver, EventKind::delivery
  frame_start =
      0x200,  ///< SHR and PHR of a frame received (sent at the end of the PHR). args: psdu_length, rssi_cdbm;
              ///< data: null or the PSDU as sent, for transceivers that look at a frame while it arrives
  frame_end,  ///< args: crc_ok, rssi_cdbm, lqi 0..255; data: PSDU as received (with bit errors if !crc_ok)
  cca_result,   ///< at start + 128 µs. args: busy, level_cdbm, unused, token
  ed_result,    ///< at start + duration. args: level_cdbm, unused, unused, token
  rssi_result,  ///< args: level_cdbm, unused, unused, token
};

/// IEEE 802.15.4-2020, 10.2.8. The standard leaves the combination of mode 3 open; both are here.
enum class CcaMode : int64_t { energy = 1, carrier = 2, carrier_and_energy = 3, carrier_or_energy = 4 };

/// Which frames a listening transceiver wants. A plain one takes every frame (frame_start and frame_end), as
/// the nRF52840 does. One with address recognition in hardware gets frame_end only, of frames to `address`
/// (pan_id << 16 | short_address), to everybody, or to nobody in particular; and, when it waits for one,
/// acknowledgements that end before acks_until_ns. It costs the medium nothing while others talk.
enum class Filter : int64_t { none = 0, addressed = 1, addressed_and_acks = 2 };

inline sim::Event make(Code code, sim::EventKind kind, SimTime t, sim::ParticipantId target,
                       std::array<int64_t, 4> args = {}, sim::SharedBytes data = nullptr) {
  return sim::Event{.time = t,
                    .kind = kind,
                    .target = target,
                    .code = static_cast<uint32_t>(code),
                    .args = args,
                    .data = std::move(data)};
}

/// What a frame receiver looks like to the medium when the run is built.
struct Station {
  sim::ParticipantId id = sim::kNobody;
  double x_m = 0, y_m = 0, z_m = 0;
  double sensitivity_dbm = -100.0;  ///< weakest frame it can lock on
  double antenna_gain_db = 0.0;
};

}  // namespace xedgesim::air
