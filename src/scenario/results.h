#pragma once
#include "scenario/common.h"

namespace xedgesim::scenario {

/// Which packets of a link are captured; everything absent: all, whole.
struct CaptureFilter {
  enum class Direction { both, forward, backward };
  std::vector<std::string> links;  ///< names or patterns
  Direction direction = Direction::both;
  std::vector<int64_t> vlan;
  std::vector<int64_t> type;  ///< EtherTypes
  bool only_dropped = false;
  std::optional<int64_t> snap;  ///< bytes kept of a packet
  bool operator==(const CaptureFilter&) const = default;
};

struct Metrics {
  enum class Format { csv, json };
  enum class Energy { datasheet, seed };
  Duration collection_interval = Duration::ms(100);
  std::vector<std::string> collect;  ///< empty: all (see metric_names.h)
  std::string output_dir;            ///< absent: results/<scenario name>/; as written, not resolved
  std::vector<Format> formats = {Format::csv, Format::json};
  std::vector<std::string> capture;  ///< `radio`, `links`, or names of nodes and links
  std::vector<CaptureFilter> capture_filters;
  std::optional<int64_t> capture_limit;  ///< bytes
  std::string capture_file;              ///< absent: capture.pcapng of the run
  int64_t console_limit = int64_t{64} << 20;  ///< bytes of each machine's console
  bool trace = false;                    ///< write trace.perfetto.json
  bool deliveries = false;               ///< write deliveries.bin
  Energy energy = Energy::datasheet;
  bool operator==(const Metrics&) const = default;
};

struct Repeat {
  Duration every;
  std::optional<int64_t> times;  ///< absent: until the end
  bool operator==(const Repeat&) const = default;
};

/// Faults at random moments: exponentially distributed gaps with this mean, from Fault::time on.
struct RandomFault {
  Duration mean_interval;
  std::optional<int64_t> times;
  bool operator==(const RandomFault&) const = default;
};

struct Fault {
  enum class Type {
    edge_failure,
    cloud_failure,
    device_failure,
    device_reset,
    node_failure,
    machine_failure,
    machine_reset,
    network_partition,
    radio_interference,
    packet_loss,
    link_down,
    link_degradation,
    link_set,
    apply_profile,
    sensor_fault,
    battery_drain,
    brown_out,
    clock_drift,
    service_slow
  };
  enum class DriftingClock { both, low, high };
  enum class SensorMode { stuck, noise, drift, disconnect };
  Duration time;
  Type type = Type::edge_failure;
  Targets target;                    ///< node, link, switch or wired names, see fault_types.h
  std::optional<Duration> duration;  ///< absent: until the end
  std::string description;
  Impairments impairments;  ///< link_degradation, link_set; packet_loss: loss_rate
  std::optional<std::string> profile;
  std::optional<double> power_dbm;  ///< radio_interference
  std::optional<int64_t> channel;   ///< radio_interference
  std::optional<SensorMode> mode;   ///< sensor_fault
  std::optional<double> value_v;    ///< sensor_fault
  std::optional<std::string> pin;   ///< sensor_fault; absent: all that have a sensor
  std::optional<double> charge;     ///< battery_drain: remaining share afterwards
  std::optional<double> ppm;        ///< clock_drift
  std::optional<DriftingClock> clock;  ///< clock_drift; absent: both
  std::optional<double> factor;     ///< service_slow
  std::optional<Repeat> repeat;
  std::optional<RandomFault> random;
  bool operator==(const Fault&) const = default;
};

struct AssertionScope {
  Targets node;
  std::optional<Duration> from;
  std::optional<Duration> to;
  std::optional<double> percentile;  ///< 0..100
  bool operator==(const AssertionScope&) const = default;
};

/// Either a metric against limits, or a line a console has to print.
struct Assertion {
  enum class Operator { eq, ne, gt, gte, lt, lte, between };
  std::string metric;
  std::optional<Operator> op;
  std::vector<double> value;  ///< one, or two for between
  std::optional<double> min;
  std::optional<double> max;
  AssertionScope scope;
  std::string expect_line;  ///< regular expression (ECMAScript)
  Targets node;             ///< expect_line: one of these; empty: any
  std::optional<Duration> before;
  std::string description;

  bool is_expectation() const { return !expect_line.empty(); }
  /// Whether a measured value meets operator/value, min and max.
  bool holds(double measured) const;
  bool operator==(const Assertion&) const = default;
};

struct Validation {
  std::vector<Assertion> assertions;
  bool operator==(const Validation&) const = default;
};

}  // namespace xedgesim::scenario
