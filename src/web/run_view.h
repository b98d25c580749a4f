#pragma once
#include "http/access.h"
#include "report/text_table.h"
#include "web/json_text.h"
#include "web/results.h"

namespace xedgesim::web {

/// One run, as its page shows it: {"id", "scenario", "status", "started", "table": [[label, text]…],
/// "assertions", "devices": table, "hops": table, "files", "consoles", "problem"…}.
Json run_view(const Results& results, const http::Access& access, const std::string& id);

/// The files of a run or a batch, with links that may be followed: [{"name", "size", "link"}…].
Json file_list(const Results& results, const http::Access& access, const std::string& id);

/// Whether a file of a run may leave the server: not that with the token of a run under way.
bool may_be_read(std::string_view name);

/// {"header": […], "rows": [[…]…], "right": [bool…], "left_out": n}.
Json table_json(const report::TextTable& table, size_t left_out = 0);

}  // namespace xedgesim::web
