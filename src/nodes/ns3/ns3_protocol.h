#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "sim/event.h"

namespace xedgesim::nodes {

/// What the ns-3 process tells between ADVANCE and SIMULATION_COMPLETE (docs/ns3.md, "Lines").
struct Ns3Event {
  enum class Kind {
    frame_start,  ///< FRAME_START: the header of `id` was received
    packet_rx,    ///< PACKET_RX: it was received to its end; `ok`, `lqi`, and `psdu` when ok
    cca_done,     ///< CCA_DONE: `busy`, level
    level_done,   ///< LEVEL_DONE: level
    complete,     ///< SIMULATION_COMPLETE: everything up to `time` has been told
  } kind = Kind::complete;
  SimTime time;
  size_t station = 0;
  int64_t id = 0;     ///< of a packet
  int64_t token = 0;  ///< of a request
  bool ok = false, busy = false;
  uint8_t lqi = 0;
  int level_cdbm = 0;
  sim::Bytes psdu;
};

/// Reads one such line; `stations` is how many there are. Throws PeerError that says what is wrong with it,
/// also for ERROR lines.
Ns3Event parse_ns3_event(std::string_view line, size_t stations);

}  // namespace xedgesim::nodes
