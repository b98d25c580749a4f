#pragma once
#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "control/server.h"
#include "isa/arm/cortex_m.h"
#include "metrics/run_directory.h"
#include "metrics/summary.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

class Pacer;
class System;

/// What the caller brings to a run. The host's clock and signals are the caller's.
struct RunOptions {
  std::filesystem::path platforms;  ///< folder of the platform files
  unsigned threads = 1;
  isa::Engine engine = isa::Engine::automatic;  ///< of the emulated boards; the result does not depend on it
  std::filesystem::path vm_plugin;              ///< the virtual-time plugin for QEMU
  std::filesystem::path vm_snapshots;           ///< as in SystemOptions
  metrics::RunDirectoryOptions directory;
  std::string version;
  metrics::Json inputs;                       ///< written as inputs.json unless null (experiment/inputs.h)
  const std::atomic<bool>* stop = nullptr;    ///< set: end cleanly as soon as possible
  std::function<void(SimTime)> progress;      ///< now and then, with the time reached
  std::function<void(std::string_view)> log;  ///< one line for a person
  std::function<metrics::HostInfo()> host;    ///< asked once, at the end
  bool print_consoles = false;                ///< hand every console line to `log` as well
  control::Server* control = nullptr;         ///< where somebody outside may change the run
  Pacer* pacer = nullptr;                     ///< of a scenario on the wall clock
  bool paused = false;                        ///< with control: wait for `resume` before the first event
  /// Shown the system and told the run's folder, before the first event. What is attached to the system lives
  /// until run_scenario() returns.
  std::function<void(System&, const std::filesystem::path&)> begun;
};

struct RunOutcome {
  ExitCode code = ExitCode::ok;
  std::string reason{};               ///< why it is not ok, one sentence
  std::filesystem::path directory{};  ///< where the files are
  metrics::Json summary{};
};

/// Builds the system, runs it, writes all files, judges the assertions.
/// Throws ConfigError when the run could not begin; whatever happens afterwards is in the outcome, with the
/// results so far on disk.
RunOutcome run_scenario(const scenario::Scenario& scenario, const RunOptions& options);

/// What run_scenario() would refuse before the first instruction, without writing anything.
void check_runnable(const scenario::Scenario& scenario, const std::filesystem::path& platforms);

}  // namespace xedgesim::system
