#pragma once
#include <filesystem>

#include "system/system.h"

namespace xedgesim::system {

/// Whoever lets time pass for a system on the wall clock, and runs its machines (src/live).
class Pacer {
 public:
  virtual ~Pacer() = default;
  /// Starts the machines of the system. QEMU's own files and what else they need lie in `folder`.
  /// Throws ConfigError, SimulationError.
  virtual void connect(System& system, const std::filesystem::path& folder) = 0;
  /// As Scheduler::run_until(), no sooner than the host's clock is there.
  virtual bool run_until(SimTime end) = 0;
  virtual void shut_down() noexcept = 0;
  /// Longest time by which something happened later than it was due.
  virtual Duration lateness() const = 0;
};

}  // namespace xedgesim::system
