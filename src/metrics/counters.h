#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "metrics/energy.h"

/// What the collector reads from each part of the system. Counters are cumulative since the start of the run
/// (a node that resets goes on counting); the collector writes their differences. Gauges are the value now.
namespace xedgesim::metrics {

struct DeviceCounters {
  int64_t cycles = 0;  ///< core cycles not asleep
  int64_t instructions = 0;
  Duration active = {};  ///< time the core was awake
  Duration asleep = {};
  int64_t tx_bytes = 0;    ///< PSDU bytes sent, each attempt and each ACK
  int64_t rx_bytes = 0;    ///< PSDU bytes received with a good FCS
  int64_t tx_packets = 0;  ///< frames sent, retransmissions included, ACKs not
  int64_t rx_packets = 0;  ///< frames received with a good FCS and meant for this node, ACKs included
  int64_t cca_busy = 0;    ///< clear channel assessments that found the channel busy
  int64_t uart_tx_bytes = 0, uart_rx_bytes = 0;  ///< bytes of the serial ports
  int64_t gpio_changes = 0;                      ///< changes of level of pins that the chip drives
  int64_t wakeups = 0;                           ///< ends of a sleep of the core
  int64_t memory_bytes = 0;                      ///< gauge: guest memory touched (0 when unknown)
  std::vector<CauseEnergy> energy = {};
  std::optional<double> battery_fraction = {};  ///< gauge
  std::optional<SimTime> depleted_at = {};
  std::optional<double> battery_life_s = {};
  int64_t inferences = 0;        ///< on the device
  int64_t inference_cycles = 0;  ///< core cycles they took
  int64_t inference_energy = 0;  ///< nJ the whole chip used meanwhile
  int64_t model_arena = 0;       ///< gauge: bytes of RAM the model takes; 0 without one
};

struct EdgeCounters {
  Duration busy = {};        ///< processor time used, summed over processors
  int processors = 1;        ///< gauge; cpu_percent is 100 × busy / (interval × processors)
  int64_t memory_bytes = 0;  ///< gauge
  int64_t requests_processed = 0;
  int64_t requests_failed = 0;
  int64_t network_tx_bytes = 0;
  int64_t network_rx_bytes = 0;
  Duration processing = {};  ///< sum over the processed requests
  int64_t queue_depth = 0;   ///< gauge
};

struct CloudCounters {
  int64_t requests = 0;  ///< requests served
  int64_t stored = 0;
  int64_t answers = 0;
  int64_t requests_failed = 0;
  int64_t rx_bytes = 0;
  int64_t tx_bytes = 0;
  Duration processing = {};  ///< sum over the requests
  Duration latency = {};     ///< sum over the requests of the time from the edge's sending to the storing
  int64_t queue_depth = 0;   ///< gauge
};

}  // namespace xedgesim::metrics
