#pragma once
#include <string>
#include <vector>

#include "metrics/metric_map.h"
#include "metrics/table_writer.h"

namespace xedgesim::metrics {

/// What became of the packets of each flow between hosts. Keeps the sending time and the delay of every
/// packet (16 bytes each), so that figures of any time range are exact. A packet that is still under way
/// counts as lost until it arrives.
class FlowRecorder {
 public:
  /// Returns its number. `round_trip`: delays are there and back.
  uint32_t add_flow(const std::string& name, const std::string& from, const std::string& to, bool round_trip);
  void sent(uint32_t flow, uint64_t sequence, SimTime t, int64_t bytes);
  /// Unknown flows and sequences (a corrupted packet that still has a good checksum) are ignored.
  void received(uint32_t flow, uint64_t sequence, SimTime t, int64_t bytes);

  /// `flow_…` metrics; scope.node names flows (all when empty), scope.time is the time of sending.
  MetricValue get(std::string_view name, const Scope& scope) const;
  static std::vector<std::string> metric_names();
  /// Those that summary() has of each flow.
  static std::vector<std::string> summary_names();
  std::vector<std::string> flow_names() const;
  bool empty() const { return flows_.empty(); }

  /// One row a flow for the time since the last call.
  void write(TableWriter& table, SimTime t, Duration interval);
  static std::vector<std::string> columns();
  /// Object of the flows for summary.json.
  nlohmann::ordered_json summary() const;

 private:
  struct Interval {
    int64_t sent = 0, received = 0, bytes = 0, duplicates = 0;
    Duration delay_sum, delay_max;
  };
  struct Flow {
    std::string name, from, to;
    bool round_trip = false;
    std::vector<int64_t> sent_ns, delay_ns;  // by sequence; delay -1: not there
    int64_t frame_bytes = 0;
    int64_t duplicates = 0, reordered = 0;
    uint64_t highest = 0;
    Interval interval;
  };
  struct Figures {
    int64_t sent = 0, received = 0, bytes = 0;
    LatencySet delays;
    Duration variation_sum;
    int64_t variations = 0;
    SimTime first = SimTime::never(), last;
  };
  void gather(const Flow& f, const TimeRange& range, Figures& out) const;

  std::vector<Flow> flows_;
};

}  // namespace xedgesim::metrics
