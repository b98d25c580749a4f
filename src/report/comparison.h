#pragma once
#include <span>
#include <string>
#include <vector>

#include "report/run_set.h"
#include "report/text_table.h"

namespace xedgesim::report {

/// The table of the implementation guide 1.5 with measured numbers: accuracy, latency, energy and reliability
/// of each variant, as mean ± 95 % confidence interval over its seeds. Variants are columns when they are at
/// most five, else rows.
TextTable tradeoff_table(std::span<const VariantResults> variants);

/// Latency by hop (guide 1.5, "cross-tier latency breakdown"), mean in ms; variants as above. Without rows
/// when no run has samples.
TextTable hop_table(std::span<const VariantResults> variants);
/// What became of the packets of each flow between hosts; without rows when there are no flows.
TextTable flow_table(std::span<const VariantResults> variants);

/// Every figure with n, mean, standard deviation, 95 % interval, minimum and maximum, variant by variant.
TextTable statistics_table(std::span<const VariantResults> variants);
Json statistics_json(std::span<const VariantResults> variants);

/// A point of a Pareto view; smaller is better in both.
struct ParetoPoint {
  double x = 0, y = 0;
};
/// Which points no other one beats: none is at least as good in both and better in one.
std::vector<bool> pareto_front(std::span<const ParetoPoint> points);

/// Four significant digits, no exponent for what people meet ("0.9507", "5976", "12.80").
std::string short_number(double v);

}  // namespace xedgesim::report
