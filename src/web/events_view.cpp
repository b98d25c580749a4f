#include "web/events_view.h"

#include <fmt/format.h>

#include <map>

#include "http/target.h"
#include "web/refusal.h"

namespace xedgesim::web {
namespace {

constexpr uint64_t kMostBytes = uint64_t{32} << 20, kConsoleBytes = uint64_t{128} << 10;
constexpr size_t kMostEvents = 1000, kMostLogs = 200;

std::string below(const std::string& id, const std::string& name) {
  return id == "." ? name : id + "/" + name;
}

Json event_of(const Json& line) {
  const Json t = member(line, "time_us");
  return {{"time_s", t.is_number() ? Json(t.get<double>() / 1e6) : Json(nullptr)},
          {"type", text_member(line, "type")},
          {"node", text_member(line, "node")},
          {"message", text_member(line, "message")}};
}

}  // namespace

Json events_view(const Results& results, const std::string& id) {
  Json events = Json::array(), logs = Json::array();
  std::map<std::string, int64_t> counts;
  Json left_out = nullptr;
  Results::Window w;
  try {
    const http::OpenFile file = results.open(below(id, "events.jsonl"));
    w = results.window(below(id, "events.jsonl"), kMostBytes, std::min(file.size, kMostBytes));
    if (file.size > kMostBytes)
      left_out = fmt::format("events.jsonl has {} MiB; what is here is from its first {}", file.size >> 20,
                             kMostBytes >> 20);
  } catch (const Refusal& e) {
    if (e.status() != 404) throw;
    return {{"events", events}, {"logs", logs}, {"counts", Json::object()}, {"left_out", nullptr}};
  }
  for (size_t begin = 0; begin < w.text.size();) {
    const size_t end = w.text.find('\n', begin);
    if (end == std::string::npos) break;  // still being written
    const Json line = Json::parse(w.text.begin() + static_cast<std::ptrdiff_t>(begin),
                                  w.text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    begin = end + 1;
    if (!line.is_object()) continue;
    const std::string type = text_member(line, "type");
    if (counts.size() < 100 || counts.contains(type)) ++counts[type];
    Json& list = type == "log" ? logs : events;
    if (list.size() < (type == "log" ? kMostLogs : kMostEvents)) list.push_back(event_of(line));
  }
  if (left_out.is_null() && (events.size() == kMostEvents || logs.size() == kMostLogs))
    left_out = fmt::format("Only the first {} events and {} log lines are here; events.jsonl has all.",
                           kMostEvents, kMostLogs);
  return {
      {"events", std::move(events)}, {"logs", std::move(logs)}, {"counts", counts}, {"left_out", left_out}};
}

Json console_view(const Results& results, const std::string& id, const std::string& node, uint64_t before) {
  if (node.find('/') != std::string::npos || !http::valid_id(node))
    throw Refusal(400, "that is no name of a node");
  const auto w = results.window(below(id, "consoles/" + node + ".log"), kConsoleBytes,
                                before == 0 ? UINT64_MAX : before);
  return {{"node", node}, {"text", w.text}, {"begin", w.begin}, {"end", w.end}, {"size", w.size}};
}

}  // namespace xedgesim::web
