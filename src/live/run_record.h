#pragma once
#include <memory>
#include <string>
#include <vector>

#include "live/lab.h"
#include "live/state_folder.h"

namespace xedgesim::live {

/// What a lab has on the host now, to be written down.
SystemRecord record_of(const Lab& lab, const std::vector<std::string>& bridges);

/// The folder of a run on the wall clock: what is written down of it, so that `xedgesim down` can take it
/// away when the program is killed. Gone with this object.
class RunRecord {
 public:
  /// Throws ConfigError when the folder cannot be made.
  RunRecord(std::string scenario, int64_t since_unix_s);
  ~RunRecord();
  RunRecord(const RunRecord&) = delete;
  RunRecord& operator=(const RunRecord&) = delete;

  /// Writes down what there is now. Throws SimulationError.
  void note(const Lab& lab) const;
  const std::filesystem::path& folder() const { return folder_.path(); }

  /// Where the folders of runs are: beside those of systems that are up.
  static std::filesystem::path root();
  /// Folders of runs whose program is gone.
  static std::vector<StateFolder> left_over();

 private:
  std::string scenario_;
  int64_t since_unix_s_;
  StateFolder folder_;
};

}  // namespace xedgesim::live
