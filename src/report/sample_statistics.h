#pragma once
#include <cstddef>
#include <optional>
#include <span>

namespace xedgesim::report {

/// A figure over the seeds of one variant.
struct SampleStatistics {
  size_t n = 0;
  double mean = 0;
  double minimum = 0, maximum = 0;
  std::optional<double> deviation;  ///< of the sample (n - 1); none for fewer than two
  std::optional<double> ci95;       ///< half width: mean ± ci95 by Student's t with n - 1 degrees of freedom
};

/// None without values.
std::optional<SampleStatistics> sample_statistics(std::span<const double> values);

/// The t with P(|T| <= t) = 0.95 for Student's distribution.
double student_t_95(size_t degrees_of_freedom);

}  // namespace xedgesim::report
