#pragma once
#include <vector>

#include "report/chart.h"
#include "report/run_set.h"

namespace xedgesim::report {

/// The figures of a run or a batch: energy over time, latency distribution, latency by hop, delivery over
/// time, energy by cause; of a single run also those of its networks (network_charts.h); of a batch with
/// several variants also the Pareto views energy-latency, energy-accuracy and latency-accuracy, each point
/// the mean over a variant's seeds with its 95 % interval.
///
/// Charts over time show the first complete run of each variant, eight variants at most. A chart whose data
/// the runs did not record (metrics.collect) is left out.
std::vector<Chart> result_charts(const RunSet& set);

}  // namespace xedgesim::report
