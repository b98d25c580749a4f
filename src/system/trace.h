#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "metrics/collector.h"
#include "metrics/trace_writer.h"
#include "system/system.h"

namespace xedgesim::system {

/// Writes trace.perfetto.json (`metrics.trace`): for each device what its core and its radio do and the
/// hops of its samples, for each edge service its inferences.
///
/// Devices may tell from worker threads, so what they tell is kept a device and written by drain(), in the
/// order of the devices. Connect before the run; the trace must outlive it.
class Trace {
 public:
  Trace(System& system, metrics::RunDirectory& directory, metrics::Collector& collector);

  /// Writes what the devices told. To be called when no device runs.
  void drain();
  /// The run stopped at `t`.
  void finish(SimTime t);

 private:
  struct Change {
    SimTime time;
    std::string_view track, state;  // of string constants; an empty state ends the one before
  };
  void connect_device(size_t index);

  System& system_;
  metrics::TraceWriter writer_;
  std::vector<std::vector<Change>> changes_;  // by device
};

}  // namespace xedgesim::system
