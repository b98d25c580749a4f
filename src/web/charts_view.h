#pragma once
#include "report/chart.h"
#include "report/run_set.h"
#include "web/json_text.h"
#include "web/results.h"

namespace xedgesim::web {

/// The charts of a run or a batch: [{"id", "title", "x_label", "y_label", "kind", "series", "marks",
/// "svg"}…], where the tables they need are not too large to be read for a page, and a sentence for those
/// that are:
/// {"charts", "left_out"}.
Json charts_view(const Results& results, const std::string& id);

/// Two or more runs or batches side by side: {"columns", "figures": table, "inputs": table, "charts",
/// "left_out"}.
Json comparison_view(const Results& results, const std::vector<std::string>& ids, bool all);

}  // namespace xedgesim::web
