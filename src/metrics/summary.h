#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "metrics/collector.h"
#include "metrics/metric_map.h"

namespace xedgesim::metrics {

using Json = nlohmann::ordered_json;

/// What the caller knows of the run; equal runs have equal values.
struct RunInfo {
  std::string scenario;
  std::string description;
  Duration duration;            ///< simulated time reached
  Duration requested_duration;  ///< what the scenario asked for
  std::string digest;
  uint64_t seed = 0;
  std::string version;
  std::string clock = "virtual";     ///< "virtual" or "wall"
  std::string status = "completed";  ///< "completed", "interrupted" or "failed"
  std::string reason;                ///< why it did not complete
};

/// What depends on the host; kept in a section of its own.
struct HostInfo {
  double wall_time_s = 0;
  double cpu_time_s = 0;
  int64_t peak_memory_bytes = 0;
  int threads = 1;
  std::string cpu;      ///< processor name
  std::string started;  ///< UTC text
};

/// The contents of summary.json. `assertions` is an array (experiment::to_json) or null. Everything but
/// `speed_factor` and `host` is the same for equal runs.
Json build_summary(const Collector& collector, const MetricMap& metrics, const RunInfo& run,
                   const HostInfo& host, const Json& assertions = nullptr);
/// The names of the figures below its key `summary`.
std::vector<std::string> summary_figures();
/// The same without what depends on the host, for comparisons.
Json without_host(Json summary);
/// Writes summary.json; when the room does not suffice, without `per_device`.
void write_summary(RunDirectory& directory, const Json& summary);

}  // namespace xedgesim::metrics
