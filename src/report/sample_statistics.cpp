#include "report/sample_statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace xedgesim::report {
namespace {

/// P(|T| <= t) for a whole number of degrees of freedom, by the finite series of Abramowitz and
/// Stegun, 26.7.3 (odd) and 26.7.4 (even).
double student_two_sided(double t, size_t degrees) {
  const double theta = std::atan(t / std::sqrt(static_cast<double>(degrees)));
  const double sine = std::sin(theta), cosine = std::cos(theta), square = cosine * cosine;
  if (degrees % 2 == 1) {
    double term = cosine, sum = degrees > 1 ? cosine : 0;
    for (size_t k = 3; k + 2 <= degrees; k += 2) {
      term *= square * static_cast<double>(k - 1) / static_cast<double>(k);
      sum += term;
    }
    return 2 / M_PI * (theta + sine * sum);
  }
  double term = 1, sum = 1;
  for (size_t k = 2; k + 2 <= degrees; k += 2) {
    term *= square * static_cast<double>(k - 1) / static_cast<double>(k);
    sum += term;
  }
  return sine * sum;
}

}  // namespace

double student_t_95(size_t degrees_of_freedom) {
  XEDGESIM_ASSERT(degrees_of_freedom > 0);
  // Beyond it the series is long and the quantile differs from this one by less than 1e-6 of itself.
  const size_t degrees = std::min<size_t>(degrees_of_freedom, 1'000'000);
  double low = 1.9, high = 13;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (student_two_sided(middle, degrees) < 0.95 ? low : high) = middle;
  }
  return (low + high) / 2;
}

std::optional<SampleStatistics> sample_statistics(std::span<const double> values) {
  if (values.empty()) return std::nullopt;
  SampleStatistics s;
  s.n = values.size();
  const auto n = static_cast<double>(s.n);
  s.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
  s.minimum = *lowest;
  s.maximum = *highest;
  if (s.n < 2) return s;
  double squares = 0;
  for (const double v : values) squares += (v - s.mean) * (v - s.mean);
  s.deviation = std::sqrt(squares / (n - 1));
  s.ci95 = student_t_95(s.n - 1) * *s.deviation / std::sqrt(n);
  return s;
}

}  // namespace xedgesim::report
