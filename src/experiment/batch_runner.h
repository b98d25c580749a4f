#pragma once
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "experiment/batch_record.h"

namespace xedgesim::experiment {

struct BatchOptions {
  std::filesystem::path program;           ///< xedgesim itself
  std::filesystem::path directory;         ///< of the batch; each run has <directory>/<name>/ and <name>.log
  std::vector<std::string> run_arguments;  ///< added to every `run`
  size_t parallel = 1;
  double timeout_s = 0;  ///< of one run; 0: none
  bool force = false;    ///< repeat also what is finished
  const std::atomic<bool>* stop = nullptr;
  std::function<int64_t()> clock;  ///< nanoseconds, of the host
  /// Now and then, with nothing but percents changed.
  std::function<void(const std::vector<RunRecord>&)> tick;
  /// A run is done (also: reused, or was wrong from the beginning).
  std::function<void(const std::vector<RunRecord>&, size_t)> finished;
};

/// Runs a batch: each run is a child process with a results folder of its own, so that a crash takes nothing
/// else down. A run whose folder holds finished results of the same inputs is not repeated. Runs that are
/// done from the beginning (a configuration error) are only reported.
///
/// When `stop` is set, running children get SIGINT once, are waited for, and the rest is `interrupted`.
void run_batch(std::vector<RunRecord>& runs, const BatchOptions& options);

/// Whether `directory` holds the finished results of a run with these inputs; then also its exit code.
bool finished_before(const std::filesystem::path& directory, const std::string& key, RunRecord& record);

/// The last "(40%)" of a run's log; 0 without one.
int percent_in_log(const std::filesystem::path& log);

}  // namespace xedgesim::experiment
