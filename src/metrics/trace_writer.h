#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "metrics/run_directory.h"
#include "metrics/span_recorder.h"

namespace xedgesim::metrics {

/// trace.perfetto.json in the Trace Event Format (JSON array), which ui.perfetto.dev and chrome://tracing
/// open: one process a node, one track a name ("cpu", "radio", "sample").
class TraceWriter {
 public:
  explicit TraceWriter(RunDirectory& directory);

  /// State `state` holds on the track from `t` on; an empty state ends the one before it. Unchanged states
  /// are not repeated.
  void state(std::string_view node, std::string_view track, std::string_view state, SimTime t);
  /// A finished piece of work.
  void slice(std::string_view node, std::string_view track, std::string_view name, SimTime begin,
             SimTime end);
  /// The hops of a sample, as slices one after the other.
  void span(std::string_view node, const Span& s);
  /// Ends the states that still hold.
  void finish(SimTime end);
  void flush() { file_->flush(); }

 private:
  struct Track {
    int process = 0, thread = 0;
    std::string state;
    SimTime since;
  };
  Track& track(std::string_view node, std::string_view name);
  void complete(const Track& track, std::string_view name, SimTime begin, SimTime end);

  std::unique_ptr<OutputFile> file_;
  std::map<std::string, int, std::less<>> processes_;
  std::map<std::pair<int, std::string>, Track> tracks_;
};

}  // namespace xedgesim::metrics
