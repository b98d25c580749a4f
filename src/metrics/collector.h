#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "metrics/counters.h"
#include "metrics/event_log.h"
#include "metrics/network_recorder.h"
#include "metrics/placement_statistics.h"
#include "metrics/run_directory.h"
#include "metrics/span_recorder.h"
#include "metrics/statistics.h"
#include "metrics/table_writer.h"

namespace xedgesim::metrics {

/// Which tables are written (metrics.collect of the scenario).
struct Selection {
  bool device = true, network = true, edge = true, cloud = true, cross_tier = true, spans = true;
};

/// The tables behind the names of `metrics.collect`; an empty list means all. Throws ConfigError with a
/// suggestion for an unknown name. Names: device_energy, device_cpu, packet_latency, packet_loss,
/// channel_utilization, end_to_end_latency, ml_inference_time, ml_accuracy, edge, cloud, spans and the names
/// of the tables (device_metrics, …).
Selection selection_from(const std::vector<std::string>& collect);

struct CollectorOptions {
  Formats formats = {};
  Selection selection = {};
  std::vector<std::string> classes = {};  ///< class names in the order of the model's outputs
  Stage final_stage = Stage::result;
  Duration span_grace = Duration::ms(500);
  /// Time ranges that assertions ask for, besides the whole run.
  std::vector<TimeRange> ranges = {};
};

/// Owns the recorders of a run and writes its tables at every collection.
///
/// Use: construct, add_*() everything, connect signals to network(), spans() and events(), then collect(t) at
/// every collection interval and at each of extra_times(), then finish(end) once, also after a failure.
/// Not for use from several threads: what running participants tell from worker threads is to be handed over
/// in the merged event order. collect(t) must be called when every running participant has reached `t` and
/// nothing later has been told.
class Collector {
 public:
  Collector(RunDirectory& directory, CollectorOptions options);
  ~Collector();

  using DeviceReader = std::function<DeviceCounters(SimTime)>;
  using EdgeReader = std::function<EdgeCounters(SimTime)>;
  using CloudReader = std::function<CloudCounters(SimTime)>;
  /// `placement` is the name under which the device's samples are summed up for comparing placements; empty: not.
  DeviceIndex add_device(const std::string& name, DeviceReader read, const std::string& placement = {});
  void add_edge(const std::string& name, EdgeReader read);
  void add_cloud(const std::string& name, CloudReader read);

  SpanRecorder& spans() { return *spans_; }
  NetworkRecorder& network() { return network_; }
  EventLog& events() { return *events_; }

  /// Ends of the ranges: collect_ranges() is to be called at these times so that energies of a range are
  /// exact.
  std::vector<SimTime> extra_times() const;
  /// Reads the devices for the ranges only; writes nothing.
  void collect_ranges(SimTime t);
  /// Writes one row a device, network, container, service and one cross-tier row for the time since the last
  /// collection, and flushes all files. A second call for the same time does nothing.
  void collect(SimTime t);
  /// Unfinished samples, last collection, flush. May be called again when it threw (a full disk): the figures
  /// are complete then.
  void finish(SimTime end);

  const std::vector<std::string>& device_names() const { return names_; }
  const NetworkRecorder& network() const { return network_; }
  /// Index 0: the whole run; then options.ranges without repetitions.
  const std::vector<std::unique_ptr<Statistics>>& statistics() const { return statistics_; }
  /// By name; each with the devices it covers.
  const std::map<std::string, PlacementStatistics>& placements() const { return placements_; }
  const std::string& placement_of(size_t device) const { return placement_of_[device]; }
  SimTime end() const { return last_; }

 private:
  struct Tables;
  void wire();

  CollectorOptions options_;
  std::vector<std::string> names_;
  std::vector<DeviceReader> readers_;
  std::vector<std::string> placement_of_;
  std::map<std::string, PlacementStatistics> placements_;
  NetworkRecorder network_;
  std::vector<std::unique_ptr<Statistics>> statistics_;
  std::unique_ptr<SpanRecorder> spans_;
  std::unique_ptr<EventLog> events_;
  std::unique_ptr<Tables> tables_;
  SimTime last_;
};

}  // namespace xedgesim::metrics
