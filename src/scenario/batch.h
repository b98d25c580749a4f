#pragma once
#include <map>

#include "scenario/common.h"

namespace xedgesim::scenario {

/// Devices by level of detail, as the seed's 8.6 writes them: "10 Renode + 990 models".
struct DeviceMix {
  int64_t emulated = 0;
  int64_t models = 0;
  bool operator==(const DeviceMix&) const = default;
};

struct BatchEntry {
  std::string name;  ///< absent: from the path
  FilePath path;     ///< absent with `devices`: the runner takes its own scalability scenario
  std::optional<DeviceMix> devices;
  std::vector<std::string> overrides;  ///< `path=value`
  bool operator==(const BatchEntry&) const = default;
};

struct Slurm {
  std::string partition;
  std::string account;
  std::optional<Duration> time_limit;
  int64_t cpus = 1;
  std::optional<int64_t> memory;  ///< bytes
  bool operator==(const Slurm&) const = default;
};

/// A file with many runs: every scenario × every combination of the matrix × every seed.
struct Batch {
  enum class Executor { local, slurm };
  std::string name;
  std::vector<BatchEntry> scenarios;
  std::map<std::string, std::vector<std::string>> matrix;  ///< override path -> values
  std::vector<uint64_t> seeds;
  std::optional<int64_t> parallel;  ///< absent: one run a processor
  Executor executor = Executor::local;
  Slurm slurm;
  std::string output_dir;  ///< absent: results/<batch name>/
  bool operator==(const Batch&) const = default;
};

/// One run of a batch.
struct BatchRun {
  std::string name;                ///< unique in the batch, fit for a folder name
  std::filesystem::path scenario;  ///< empty with `devices` alone
  std::vector<std::string> overrides;
  std::optional<DeviceMix> devices;
  std::string variant;                            ///< the name without the seed
  std::map<std::string, std::string> parameters;  ///< matrix path -> value
  std::string seed;                               ///< empty: the scenario's own
};

/// All runs, in a fixed order: scenarios as listed, matrix paths by name (last varies fastest), seeds last.
std::vector<BatchRun> expand_batch(const Batch& batch);

}  // namespace xedgesim::scenario
