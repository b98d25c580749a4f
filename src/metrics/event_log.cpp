#include "metrics/event_log.h"

namespace xedgesim::metrics {

EventLog::EventLog(RunDirectory& directory) : file_(directory.open("events.jsonl")) {}

void EventLog::add(SimTime t, std::string_view type, std::string_view node, std::string_view message,
                   const nlohmann::ordered_json& fields) {
  nlohmann::ordered_json line;
  line["time_us"] = t.count_ns() / 1000;
  line["type"] = type;
  line["node"] = node;
  line["message"] = message;
  if (fields.is_object()) line.update(fields);
  // A guest may print anything: bytes that are no UTF-8 become U+FFFD.
  file_->append(line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  ++count_;
}

}  // namespace xedgesim::metrics
