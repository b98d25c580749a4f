#include "report/network_charts.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "report/result_table.h"

namespace xedgesim::report {
namespace {

constexpr size_t kMostNamed = 8, kMostAveraged = 400;

/// At most kMostAveraged, each the mean of a bucket.
std::vector<ChartPoint> averaged(const std::vector<ChartPoint>& points) {
  if (points.size() <= kMostAveraged) return points;
  std::vector<ChartPoint> out;
  for (size_t b = 0; b < kMostAveraged; ++b) {
    const size_t from = b * points.size() / kMostAveraged, to = (b + 1) * points.size() / kMostAveraged;
    ChartPoint p{.x = points[to - 1].x};
    for (size_t i = from; i < to; ++i) p.y += points[i].y / static_cast<double>(to - from);
    out.push_back(p);
  }
  return out;
}

double number_or_nan(const std::string& text) {
  double v = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), v);
  return ec == std::errc{} && end == text.data() + text.size() ? v : std::nan("");
}

/// A row an interval of a whole-system table.
ChartSeries medium_series(const NumberColumns& table, const std::string& column, const std::string& name,
                          double factor) {
  ChartSeries s{.name = name};
  const auto &times = table.at("time_us"), &values = table.at(column);
  for (size_t i = 0; i < std::min(times.size(), values.size()); ++i)
    if (std::isfinite(times[i]) && std::isfinite(values[i]))
      s.points.push_back({.x = times[i] / 1e6, .y = values[i] * factor});
  s.points = averaged(s.points);
  return s;
}

bool anything(const ChartSeries& s) {
  return std::any_of(s.points.begin(), s.points.end(), [](const ChartPoint& p) { return p.y != 0; });
}

/// Rows with a name: one line a name, values of equal names and times added up.
class NamedLines {
 public:
  NamedLines(const TextColumns& table, const std::string& name_column, std::vector<std::string> values)
      : values_(std::move(values)) {
    if (table.empty()) return;
    const auto &names = table.at(name_column), &times = table.at("time_us");
    for (size_t i = 0; i < std::min(names.size(), times.size()); ++i) {
      const double t = number_or_nan(times[i]) / 1e6;
      if (!std::isfinite(t)) continue;
      double sum = 0;
      for (const std::string& column : values_)
        if (const auto& cells = table.at(column); i < cells.size())
          if (const double v = number_or_nan(cells[i]); std::isfinite(v)) sum += v;
      lines_[names[i]][t] += sum;
    }
  }

  /// `per_second`: amounts of an interval become rates.
  std::vector<ChartSeries> series(double factor, bool per_second) const {
    std::vector<std::pair<double, ChartSeries>> all;
    for (const auto& [name, points] : lines_) {
      ChartSeries s{.name = name};
      double before = 0, sum = 0;
      for (const auto& [t, v] : points) {
        const double y = per_second ? (t > before ? v * factor / (t - before) : 0) : v * factor;
        s.points.push_back({.x = t, .y = y});
        sum += y;
        before = t;
      }
      s.points = averaged(s.points);
      if (sum > 0) all.emplace_back(sum, std::move(s));
    }
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<ChartSeries> out;
    for (auto& [sum, s] : all)
      if (out.size() < kMostNamed) out.push_back(std::move(s));
    return out;
  }

 private:
  std::vector<std::string> values_;
  std::map<std::string, std::map<double, double>> lines_;
};

}  // namespace

std::vector<Chart> network_charts(const std::filesystem::path& run) {
  std::vector<Chart> charts;
  const auto keep = [&](Chart chart) {
    chart.x_label = "time (s)";
    std::erase_if(chart.series, [](const ChartSeries& s) { return !anything(s); });
    if (!chart.series.empty()) charts.push_back(std::move(chart));
  };
  const NumberColumns medium =
      read_table(run, "network_metrics", {"time_us", "channel_utilization", "collisions", "packets_dropped"});
  if (!medium.empty()) {
    keep({.id = "channel_utilization",
          .title = "Radio channel in use",
          .y_label = "part of the time (%)",
          .series = {medium_series(medium, "channel_utilization", "busiest channel", 100)}});
    keep({.id = "radio_losses",
          .title = "Lost in each interval",
          .y_label = "frames, packets",
          .series = {medium_series(medium, "collisions", "frames that collided", 1),
                     medium_series(medium, "packets_dropped", "packets given up", 1)}});
  }
  const TextColumns cables = read_text_table(run, "link_metrics",
                                             {"link", "time_us", "delivered_bytes", "lost", "queue_full",
                                              "early_drops", "codel_drops", "too_large", "down_drops"});
  keep({.id = "link_throughput",
        .title = "Delivered by each cable, both directions",
        .y_label = "Mbit/s",
        .series = NamedLines(cables, "link", {"delivered_bytes"}).series(8e-6, true)});
  keep({.id = "link_losses",
        .title = "Lost on each cable in each interval",
        .y_label = "frames",
        .series = NamedLines(cables, "link",
                             {"lost", "queue_full", "early_drops", "codel_drops", "too_large", "down_drops"})
                      .series(1, false)});
  return charts;
}

}  // namespace xedgesim::report
