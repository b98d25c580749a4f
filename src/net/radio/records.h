#pragma once
#include <cstdint>
#include <string_view>

#include "sim/event.h"

namespace xedgesim::net {

struct TransmissionRecord {
  uint64_t id = 0;  ///< counts from 1 over all frequencies, in order of begin
  SimTime start{};  ///< first preamble symbol
  SimTime end{};    ///< last symbol sent; earlier than announced when aborted
  sim::ParticipantId source = sim::kNobody;
  int frequency_mhz = 0;
  int power_cdbm = 0;
  bool aborted = false;
  sim::SharedBytes psdu{};
};

/// What became of a frame at one receiver.
enum class Outcome : uint8_t {
  ok,
  crc_error,  ///< received with bit errors that noise alone explains
  collision,  ///< lost to another frame: bit errors while others were on the air, or too little SINR to begin
              ///< with
  receiver_busy,      ///< the receiver was in the middle of another frame
  below_sensitivity,  ///< too weak even without any other frame
  half_duplex,        ///< the receiver was transmitting when it began
  not_listening,      ///< the receiver was off, or came on too late, left early or was on another frequency
  aborted,            ///< the transmitter gave up
};
std::string_view to_string(Outcome outcome);

struct ReceptionRecord {
  uint64_t transmission = 0;
  SimTime time{};  ///< end of the frame
  sim::ParticipantId source = sim::kNobody;
  sim::ParticipantId receiver = sim::kNobody;
  bool addressed = false;  ///< its destination address is the receiver's
  Outcome outcome = Outcome::ok;
  int rssi_cdbm = 0;  ///< power of the frame alone at the receiver
  int sinr_cdb =
      0;  ///< lowest over the frame, hundredths of a dB; at its first symbol when it was not taken up
  uint8_t lqi = 0;
};

struct ChannelStatistics {
  uint64_t transmissions = 0;
  uint64_t aborted = 0;
  uint64_t receptions_ok = 0;  ///< at plain listeners and addressees
  uint64_t crc_errors = 0;
  uint64_t collisions =
      0;  ///< frames lost to another frame at a station they were addressed to, receiver_busy included
  uint64_t cca = 0, cca_busy = 0;
};

}  // namespace xedgesim::net
