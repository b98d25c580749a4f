#pragma once
#include <string>
#include <vector>

#include "report/run_set.h"
#include "report/text_table.h"

namespace xedgesim::report {

struct ReportSection {
  std::string title, note;
  TextTable table;
};

/// What summary.json and events.jsonl of the runs say of each placement of a model: samples and where they
/// ended, classes with their confusion matrix, latency by hop with its percentiles, energy of a sample by
/// cause, and when boards changed their placement and why. Over several seeds of a variant counts are sums
/// and all else is the mean of the runs. Sections without rows are left out.
std::vector<ReportSection> placement_sections(const RunSet& set);

}  // namespace xedgesim::report
