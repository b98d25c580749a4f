#pragma once
#include <cstdio>
#include <string>
#include <vector>

#include "experiment/batch_record.h"
#include "report/progress.h"

namespace xedgesim::report {

/// Says how far a batch is: a line for each run that is done, and on a terminal below it a table of those
/// that run, redrawn at most five times a second.
class BatchProgress {
 public:
  BatchProgress(std::FILE* out, bool terminal, WallClock clock);
  ~BatchProgress();
  void tick(const std::vector<experiment::RunRecord>& runs);
  void finished(const std::vector<experiment::RunRecord>& runs, size_t index);
  void log(const std::string& text);
  /// Takes the table away.
  void clear();

 private:
  std::FILE* out_;
  bool terminal_;
  WallClock clock_;
  int64_t begun_ns_, drawn_ns_ = 0;
  size_t lines_ = 0;
};

/// "passed", "an assertion failed: ml_accuracy", "failed: …".
std::string outcome_text(const experiment::RunRecord& run);

}  // namespace xedgesim::report
