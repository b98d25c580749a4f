#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "metrics/latency_set.h"
#include "metrics/span_recorder.h"
#include "sim/signal.h"

namespace xedgesim::metrics {

/// A packet's end, for those who count by device and time.
struct PacketOutcome {
  DeviceIndex device{};
  SimTime sent_at;
  bool delivered = false;
};

/// Counts packets and air time. A packet is what a device hands to its network stack once (a report), not an
/// attempt and not an ACK; it is delivered when the gateway (or the peer it is for) has it for the first
/// time.
class NetworkRecorder {
 public:
  void sent(DeviceIndex device, SimTime t);
  void delivered(DeviceIndex device, SimTime sent_at, SimTime t);
  /// `cause`: "no_ack", "channel_busy", "queue_full", …
  void dropped(DeviceIndex device, SimTime sent_at, std::string_view cause);
  /// A frame goes on the air (any sender, ACKs too): told once, when it begins. A transmission that is cut
  /// short counts to its planned end.
  void transmission(int64_t frequency_mhz, SimTime begin, SimTime end);
  /// A frame could not be received because of another one.
  void collision() { ++totals_.collisions; }

  sim::Signal<DeviceIndex, SimTime> on_sent;
  sim::Signal<const PacketOutcome&> on_outcome;

  struct Totals {
    int64_t sent = 0, delivered = 0, dropped = 0, collisions = 0, frames = 0;
    Duration latency_sum;  ///< of the delivered packets, from sent_at
  };
  const Totals& totals() const { return totals_; }
  /// Time up to `t` in which at least one transmission was on the air, by channel (MHz). `t` is not before
  /// the last settle().
  std::map<int64_t, Duration> busy(SimTime t) const;
  /// Nothing that begins before `t` will be told any more.
  void settle(SimTime t);
  const std::map<std::string, int64_t>& drop_causes() const { return drop_causes_; }
  const LatencySet& latencies() const { return latencies_; }
  /// Largest latency since the last call.
  Duration take_max_latency();

 private:
  /// Time covered by the transmissions of one channel.
  struct Channel {
    Duration settled;                               ///< before the last settle()
    std::vector<std::pair<SimTime, SimTime>> open;  ///< after it: disjoint, in order
    void add(SimTime begin, SimTime end);
  };
  Totals totals_;
  SimTime settled_;
  std::map<int64_t, Channel> channels_;
  std::map<std::string, int64_t> drop_causes_;
  LatencySet latencies_;
  Duration max_latency_;
};

}  // namespace xedgesim::metrics
