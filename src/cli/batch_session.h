#pragma once
#include <atomic>
#include <memory>

#include "cli/command.h"
#include "experiment/batch_record.h"
#include "experiment/inputs.h"
#include "scenario/batch.h"

namespace xedgesim::cli {

/// What `batch` and `place` are told about their runs.
struct BatchFlags {
  CommonOptions common;
  std::string file, output;
  std::string results = "results";
  size_t parallel = 0;
  double timeout_s = 0;
  bool force = false, dry_run = false, quiet = false;
};
void add_batch_options(CLI::App& command, BatchFlags& flags);

/// Makes records of runs to be done, with the keys of their inputs.
class RunPlanner {
 public:
  RunPlanner(const CommonOptions& common, const Installation& installation)
      : common_(common), installation_(installation) {}

  /// A run that cannot be loaded is done at once: its status is config_error.
  experiment::RunRecord plan(const scenario::BatchRun& run);
  /// With all overrides. Throws ConfigError with the first error.
  scenario::LoadResult load(const experiment::RunRecord& run) const;

 private:
  const CommonOptions& common_;
  const Installation& installation_;
  experiment::FileDigests digests_;
};

/// --output, or else `usual`; created when it is not there. ConfigError when it holds something else.
std::filesystem::path batch_folder(const BatchFlags& flags, const std::filesystem::path& usual);

/// Runs records in a folder, shows the progress and keeps batch.json up to date with `record`, to which the
/// records belong or are added by the caller.
class BatchSession {
 public:
  BatchSession(const BatchFlags& flags, const Installation& installation, experiment::BatchRecord& record,
               std::filesystem::path directory, std::optional<int64_t> parallel);
  ~BatchSession();
  /// `runs`: all of the record's, or those of them that are to be run next.
  void run(std::vector<experiment::RunRecord>& runs);
  /// Writes batch.json and takes the progress away.
  void end();
  bool interrupted() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace xedgesim::cli
