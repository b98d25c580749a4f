#pragma once
#include <string>

#include "report/run_set.h"
#include "report/text_table.h"

namespace xedgesim::report {

std::string markdown_table(const TextTable& table);

/// REPORT.md of one run, with the lines of the implementation guide 3.6; figures that lie in figures/ are
/// shown.
std::string run_markdown(const RunSet& set);
/// REPORT.md of a batch: runs, trade-offs, hops, statistics over the seeds.
std::string batch_markdown(const RunSet& set);
/// SUMMARY.md of a batch: the trade-off table and what went wrong, short enough for a comment on a pull
/// request.
std::string batch_summary_markdown(const RunSet& set);

}  // namespace xedgesim::report
