#pragma once
#include "report/run_set.h"

namespace xedgesim::report {

/// Writes REPORT.md and report.html into the set's folder, for a batch SUMMARY.md too. Throws SimulationError
/// when a file cannot be written.
void write_batch_reports(const RunSet& set);

}  // namespace xedgesim::report
