#pragma once
#include <string>

#include "report/run_set.h"

namespace xedgesim::report {

/// report.html: everything in one file that opens without a network. Charts are inline SVG and tables plain
/// HTML, so it reads without scripts too; a small script sorts the tables. The figures of every run are
/// inlined as JSON in the element #xedgesim-data. A content security policy forbids it to load anything.
std::string html_report(const RunSet& set);

}  // namespace xedgesim::report
