#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace xedgesim::scenario {

/// A file named by a scenario. `written` is the user's text, `resolved` where it was looked for: relative
/// to the folder of the YAML file the text stands in (for --set: of the main file), then
/// LoadOptions::search_paths in order; the first that exists, else the first.
struct FilePath {
  std::string written;
  std::filesystem::path resolved;

  bool empty() const { return written.empty(); }
  /// The same text means the same file; where it was found is the machine's affair.
  bool operator==(const FilePath& o) const { return written == o.written; }
};

/// Metres; the gateway is at the origin unless the scenario says otherwise.
struct Position {
  double x_m = 0;
  double y_m = 0;
  double z_m = 0;
  bool operator==(const Position&) const = default;
};

/// Node names as a user writes them: an id, a group id, a glob (`vib_*`), or the seed's `device_3`.
/// resolve_targets() in expand.h turns them into ids.
using Targets = std::vector<std::string>;

/// What a wired path does to frames. An absent value means: no such effect (bandwidth: unlimited).
struct Impairments {
  std::optional<Duration> latency;
  std::optional<Duration> jitter;         ///< standard deviation or half width, see distribution
  std::optional<int64_t> bandwidth;       ///< bits a second
  std::optional<double> loss_rate;        ///< 0..1
  std::optional<double> corrupt;          ///< 0..1
  std::optional<double> duplicate;        ///< 0..1
  std::optional<double> reorder;          ///< 0..1
  std::optional<int64_t> queue;           ///< packets
  std::optional<Duration> queue_latency;  ///< longest wait in the queue (tc tbf `latency`)
  std::optional<int64_t> burst;           ///< bytes (tc tbf `burst`)
  enum class Distribution { uniform, normal, pareto, paretonormal };
  std::optional<Distribution> distribution;  ///< absent: uniform
  bool operator==(const Impairments&) const = default;
};

}  // namespace xedgesim::scenario
