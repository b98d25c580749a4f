#pragma once
#include "web/json_text.h"
#include "web/results.h"

namespace xedgesim::web {

/// What happened in a run, from its events.jsonl: {"events": [{"time_s", "type", "node", "message"}…],
/// "logs": […], "counts": {type: n}, "left_out": sentence or null}. Log lines stand apart, since a run may
/// have any number of them. At most kMostBytes of the file are read.
Json events_view(const Results& results, const std::string& id);

/// The end of a console, or what stands before byte `before` (0: the end): {"text", "begin", "end", "size"}.
Json console_view(const Results& results, const std::string& id, const std::string& node, uint64_t before);

}  // namespace xedgesim::web
