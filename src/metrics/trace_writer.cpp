#include "metrics/trace_writer.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace xedgesim::metrics {
namespace {

std::string quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

TraceWriter::TraceWriter(RunDirectory& directory) : file_(directory.open("trace.perfetto.json", "]\n")) {
  // Every later record begins with a comma; the first one needs something before it.
  file_->append("[{\"name\":\"xedgesim\",\"ph\":\"M\",\"pid\":0,\"tid\":0,\"args\":{}}\n");
  file_->flush();
}

void TraceWriter::state(std::string_view node, std::string_view name, std::string_view state, SimTime t) {
  Track& where = track(node, name);
  if (where.state == state) return;
  if (!where.state.empty()) complete(where, where.state, where.since, t);
  where.state = state;
  where.since = t;
}

void TraceWriter::slice(std::string_view node, std::string_view name, std::string_view what, SimTime begin,
                        SimTime end) {
  complete(track(node, name), what, begin, end);
}

void TraceWriter::span(std::string_view node, const Span& s) {
  const Track& where = track(node, "sample");
  for (const Hop& hop : kHops) {
    if (const auto d = s.hop(hop)) complete(where, hop.name, s.time(hop.from), s.time(hop.from) + *d);
  }
}

void TraceWriter::finish(SimTime end) {
  for (auto& [key, where] : tracks_) {
    if (!where.state.empty() && where.since < end) complete(where, where.state, where.since, end);
    where.state.clear();
  }
  file_->flush();
}

TraceWriter::Track& TraceWriter::track(std::string_view node, std::string_view name) {
  auto process = processes_.find(node);
  if (process == processes_.end()) {
    process = processes_.emplace(std::string(node), static_cast<int>(processes_.size()) + 1).first;
    file_->append(fmt::format(
        ",{{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":{},\"tid\":0,\"args\":{{\"name\":{}}}}}\n",
        process->second, quoted(node)));
  }
  const int pid = process->second;
  auto place = tracks_.find({pid, std::string(name)});
  if (place == tracks_.end()) {
    const int tid = static_cast<int>(tracks_.size()) + 1;
    place = tracks_
                .emplace(std::pair(pid, std::string(name)),
                         Track{.process = pid, .thread = tid, .state = "", .since = {}})
                .first;
    file_->append(fmt::format(
        ",{{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":{},\"tid\":{},\"args\":{{\"name\":{}}}}}\n", pid,
        tid, quoted(name)));
  }
  return place->second;
}

void TraceWriter::complete(const Track& where, std::string_view name, SimTime begin, SimTime end) {
  file_->append(fmt::format(",{{\"name\":{},\"ph\":\"X\",\"pid\":{},\"tid\":{},\"ts\":{},\"dur\":{}}}\n",
                            quoted(name), where.process, where.thread,
                            microseconds(begin.since_start()).text(), microseconds(end - begin).text()));
}

}  // namespace xedgesim::metrics
