#include "report/chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace xedgesim::report {

std::vector<double> axis_ticks(double low, double high, size_t most) {
  if (!(high > low) || !std::isfinite(high - low)) return {low};
  const double raw = (high - low) / static_cast<double>(std::max<size_t>(most, 1));
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = power * 10;
  for (const double m : {1.0, 2.0, 5.0}) {
    if (power * m < raw) continue;
    step = power * m;
    break;
  }
  std::vector<double> ticks;
  const double first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
  for (double i = first; i <= last; ++i) ticks.push_back(i == 0 ? 0 : i * step);
  return ticks;
}

ChartRange chart_range(const Chart& chart) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  ChartRange r{kFar, -kFar, kFar, -kFar};
  const auto add = [&](double x, double y) {
    if (!std::isfinite(x) || !std::isfinite(y)) return;
    r.x_low = std::min(r.x_low, x);
    r.x_high = std::max(r.x_high, x);
    r.y_low = std::min(r.y_low, y);
    r.y_high = std::max(r.y_high, y);
  };
  if (chart.kind == Chart::Kind::stacked_bars) {
    std::vector<double> sums(chart.categories.size(), 0.0);
    for (const ChartSeries& s : chart.series)
      for (const ChartPoint& p : s.points)
        if (const auto i = static_cast<size_t>(p.x); i < sums.size() && p.y > 0) sums[i] += p.y;
    for (const double s : sums) add(0, s);
    r.x_low = -0.5;
    r.x_high = static_cast<double>(sums.size()) - 0.5;
  } else {
    for (const ChartSeries& s : chart.series)
      for (const ChartPoint& p : s.points) {
        add(p.x - p.x_error, p.y - p.y_error);
        add(p.x + p.x_error, p.y + p.y_error);
      }
  }
  if (!(r.x_low <= r.x_high)) r = {};
  if (chart.y_from_zero || chart.kind == Chart::Kind::stacked_bars) r.y_low = std::min(r.y_low, 0.0);
  const auto widen = [](double& low, double& high, double part) {
    double more = (high - low) * part;
    if (!(high > low)) more = std::max(std::fabs(high) * 0.1, 1e-9);
    // Amounts do not become less than nothing.
    low = low >= 0 ? std::max(0.0, low - more) : low - more;
    high += more;
  };
  if (chart.kind == Chart::Kind::scatter) {
    widen(r.x_low, r.x_high, 0.08);
    widen(r.y_low, r.y_high, 0.08);
  } else {
    if (!(r.x_high > r.x_low)) widen(r.x_low, r.x_high, 0);
    if (!(r.y_high > r.y_low)) r.y_high = r.y_low + std::max(std::fabs(r.y_low) * 0.1, 1e-9);
  }
  return r;
}

}  // namespace xedgesim::report
