#pragma once
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace xedgesim::report {

/// Nanoseconds since 1970 UTC. Only src/cli may read the host's clock, so it hands in a function.
using WallClock = std::function<int64_t()>;

/// Says how far a run is. On a terminal one line is rewritten, at most ten times a second; elsewhere the log
/// lines of the implementation guide 7.2 appear every 20 %:
///   [2025-01-13 10:00:08] Simulation running... (20%)
class ProgressPrinter {
 public:
  ProgressPrinter(std::FILE* out, bool terminal, WallClock clock, Duration simulated);

  /// A log line with the time; the progress line of a terminal is kept below it.
  void log(std::string_view text);
  /// First call: the run begins.
  void update(SimTime reached);
  /// "Simulation complete (100%)", or "Simulation stopped (40%)" when the end was not reached.
  void done(SimTime reached);

 private:
  void draw(SimTime reached, int64_t wall_ns);
  void clear_line();

  std::FILE* out_;
  bool terminal_;
  WallClock clock_;
  Duration simulated_;
  int64_t begun_ns_ = -1;
  int64_t drawn_ns_ = 0;
  int next_percent_ = 0;
  std::string shown_;
};

}  // namespace xedgesim::report
