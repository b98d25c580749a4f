#pragma once
#include <atomic>
#include <filesystem>
#include <string>

#include "control/server.h"
#include "system/system.h"

namespace xedgesim::system {

/// Lets somebody outside look at a run and change it, between two steps of it (docs/control.md).
///
/// A change takes effect at a whole microsecond after the instant the run has reached, before anything else
/// that happens then, as a fault of the scenario would. It is one: it stands in events.jsonl, and in
/// `applied.yaml`, a time-line with which `run --timeline` repeats the run to the same digest.
class RunControl {
 public:
  /// `directory`: of the run, for applied.yaml. `paused`: from the beginning.
  RunControl(System& system, control::Server& server, std::filesystem::path directory, bool paused);
  /// Answers what was asked, and while the run is paused waits for more. False when the run is to end.
  bool between_steps(const std::atomic<bool>* stop);

  /// The answer to one request; throws RequestError.
  nlohmann::json answer(const control::Request& request);

 private:
  nlohmann::json status() const;
  nlohmann::json change(const control::Request& request);
  SimTime time_of_change(const std::optional<std::string>& at) const;
  void record(const std::string& entry);

  System& system_;
  control::Server& server_;
  std::filesystem::path file_;
  int64_t changes_ = 0;
  bool paused_, stopped_ = false;
};

}  // namespace xedgesim::system
