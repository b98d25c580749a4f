#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/output_file.h"

namespace xedgesim::metrics {

/// "2025-01-13_10-00-00" (with '_' and '-') or "2025-01-13 10:00:00": UTC of a Unix time. This library reads
/// no clock: the time is the caller's.
std::string utc_file_name(int64_t unix_seconds);
std::string utc_text(int64_t unix_seconds);

/// Where a run's files go.
struct RunDirectoryOptions {
  /// Directory of the scenario's runs, for example results/vibration-monitoring (the scenario's
  /// metrics.output_dir, else results/<scenario>).
  std::filesystem::path scenario_dir = {};
  /// --output: exactly this directory, no run name below it and no `latest`.
  std::optional<std::filesystem::path> exact = {};
  int64_t started_unix_s = 0;
};

/// results/<scenario> with everything that cannot be a directory name replaced by '_'.
std::filesystem::path default_scenario_dir(const std::filesystem::path& results, std::string_view scenario);

/// Takes away what `xedgesim plot` drew into a folder of results (ID.gp with ID.png and ID.svg below
/// figures/): it shows what is no longer there. Other files stay, and the figures whose IDs are in `kept`.
void remove_figures(const std::filesystem::path& results, const std::vector<std::string>& kept = {});

/// The directory of one run: <scenario_dir>/2025-01-13_10-00-00 (with _2, _3, … when it exists) and the
/// symbolic link <scenario_dir>/latest, or an exact directory. An exact directory may exist when it is empty
/// or holds an earlier run (a summary.json), whose files are removed.
///
/// From the start there is a summary.json with status "interrupted", so that a run that is killed has one.
/// A little room is kept on the disk so that the last summary can be written when the disk is full.
class RunDirectory {
 public:
  /// Creates it. Throws ConfigError with a sentence when it cannot be created or written.
  explicit RunDirectory(const RunDirectoryOptions& options);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// A growing file of this run. `name` may contain one folder ("consoles/vib_1.log").
  std::unique_ptr<OutputFile> open(const std::string& name, std::string trailer = "");
  /// Replaces a whole file: readers see the old text or the new one, never a part. Works even after a failed
  /// write as long as the room kept for it suffices; throws SimulationError when it does not.
  void replace(const std::string& name, std::string_view text);

  const std::shared_ptr<DiskState>& disk() const { return disk_; }

 private:
  std::filesystem::path path_;
  std::shared_ptr<DiskState> disk_ = std::make_shared<DiskState>();
};

}  // namespace xedgesim::metrics
