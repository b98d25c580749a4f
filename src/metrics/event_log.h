#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/time.h"
#include "metrics/run_directory.h"

namespace xedgesim::metrics {

/// events.jsonl: faults, lock-ups and log lines, one JSON object a line with time_us, type, node, message and
/// the type's own fields.
class EventLog {
 public:
  explicit EventLog(RunDirectory& directory);
  /// `type`: "fault", "fault_end", "lockup", "reset", "log", … `node` may be empty (the whole system).
  void add(SimTime t, std::string_view type, std::string_view node, std::string_view message,
           const nlohmann::ordered_json& fields = nullptr);
  void flush() { file_->flush(); }
  int64_t count() const { return count_; }

 private:
  std::unique_ptr<OutputFile> file_;
  int64_t count_ = 0;
};

}  // namespace xedgesim::metrics
