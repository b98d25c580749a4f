#pragma once
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "report/sample_statistics.h"

namespace xedgesim::report {

using Json = nlohmann::ordered_json;

/// One run's results as far as they are read at once; tables are read when a chart needs them.
struct RunResults {
  std::string name;
  std::string variant;
  std::string seed;
  std::string status;  ///< passed, assertion_failed, failed, … as in batch.json
  std::string reason;
  bool reused = false;
  double wall_s = 0;
  std::filesystem::path directory;
  std::map<std::string, std::string> parameters;
  Json summary;  ///< empty object when the run left none
  Json inputs;   ///< inputs.json, or an empty object

  bool alone = false;  ///< of no batch: what it has counts even if it ended early

  /// The run reached its end.
  bool complete() const { return status == "passed" || status == "assertion_failed"; }
  /// Its figures count: in a mean over runs only those of complete ones.
  bool counts() const { return complete() || (alone && summary.contains("summary")); }
};

/// The runs below one folder of results: those of a batch, or a single run.
struct RunSet {
  std::string name;
  std::filesystem::path directory;
  bool batch = false;
  std::vector<RunResults> runs;
  Json search;  ///< search.json of `xedgesim place` (report/placement_search.h); null for other batches

  /// In order of first appearance.
  std::vector<std::string> variants() const;
};

/// Reads a run's folder (summary.json), a batch's (batch.json), or a scenario's, which stands for its latest
/// run. Throws ConfigError with a sentence when it is none of them.
RunSet load_run_set(const std::filesystem::path& directory);

/// Every figure of a summary by name: those of its `summary`, `energy_CAUSE_mJ` for each cause,
/// `avg_HOP_latency_ms` for each hop, `flow_loss_rate[FLOW]` and the others of each flow,
/// `avg_device_power_mW`, `battery_life_days` of the worst battery, and `reliability`: the part of the
/// samples, those in flight at the end left out, that has a result. Figures without data are left out.
std::map<std::string, double> run_figures(const Json& summary);
/// The names these can have; those of a flow as `flow_loss_rate[FLOW]`.
std::vector<std::string> possible_figures();

struct VariantResults {
  std::string name;
  std::vector<const RunResults*> runs;  ///< those that count
  size_t incomplete = 0;
  std::map<std::string, SampleStatistics> figures;  ///< over the runs that have the figure

  const SampleStatistics* find(const std::string& figure) const;
  std::optional<double> mean(const std::string& figure) const;
};

/// Statistics of each variant over its seeds. The set must outlive them.
std::vector<VariantResults> variant_results(const RunSet& set);

}  // namespace xedgesim::report
