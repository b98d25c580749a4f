#include "report/result_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

#include "report/comparison.h"
#include "report/network_charts.h"
#include "report/result_table.h"

namespace xedgesim::report {
namespace {

constexpr size_t kMostTimeLines = 8, kMostTimePoints = 400, kHistogramBins = 50;
constexpr double kShownOfLatencies = 0.995;

/// At most kMostTimePoints points: the last of each bucket, or its mean.
std::vector<ChartPoint> thinned(const std::vector<ChartPoint>& points, bool mean) {
  if (points.size() <= kMostTimePoints) return points;
  std::vector<ChartPoint> out;
  for (size_t b = 0; b < kMostTimePoints; ++b) {
    const size_t from = b * points.size() / kMostTimePoints, to = (b + 1) * points.size() / kMostTimePoints;
    ChartPoint p = points[to - 1];
    if (mean) {
      p.y = 0;
      for (size_t i = from; i < to; ++i) p.y += points[i].y / static_cast<double>(to - from);
    }
    out.push_back(p);
  }
  return out;
}

std::vector<const RunResults*> shown_runs(const std::vector<VariantResults>& variants) {
  std::vector<const RunResults*> runs;
  for (const VariantResults& v : variants)
    if (!v.runs.empty() && runs.size() < kMostTimeLines) runs.push_back(v.runs.front());
  return runs;
}

Chart time_chart(const std::vector<const RunResults*>& runs, Chart chart, const std::string& column,
                 double factor, bool mean) {
  chart.x_label = "time (s)";
  for (const RunResults* run : runs) {
    const NumberColumns table = read_table(run->directory, "cross_tier_metrics", {"time_us", column});
    if (table.empty()) continue;
    const auto &times = table.at("time_us"), &values = table.at(column);
    std::vector<ChartPoint> points;
    for (size_t i = 0; i < std::min(times.size(), values.size()); ++i)
      if (std::isfinite(times[i]) && std::isfinite(values[i]))
        points.push_back({.x = times[i] / 1e6, .y = values[i] * factor});
    if (!points.empty()) chart.series.push_back({run->variant, thinned(points, mean)});
  }
  return chart;
}

/// Beginnings and ends of faults, for a single line's chart.
std::vector<Chart::Mark> fault_marks(const RunResults& run) {
  std::vector<Chart::Mark> marks;
  std::ifstream in(run.directory / "events.jsonl");
  for (std::string line; std::getline(in, line) && marks.size() < 50;) {
    const auto e = nlohmann::json::parse(line, nullptr, false);
    if (!e.is_object() || !e.contains("time_us") || !e["time_us"].is_number()) continue;
    const std::string type = e.value("type", "");
    if (type != "fault" && type != "fault_end") continue;
    const std::string node = e.value("node", ""), what = e.value("message", "");
    const bool begins = type == "fault";
    marks.push_back({e["time_us"].get<double>() / 1e6,
                     (begins ? "" : "end of: ") + (node.empty() ? what : node + " " + what), begins});
  }
  return marks;
}

Chart latency_distribution(const std::vector<const RunResults*>& runs) {
  Chart chart{.id = "latency_distribution",
              .title = "Latency distribution, window's end to result",
              .x_label = "end-to-end latency (ms)",
              .y_label = "part of the samples (%)",
              .kind = Chart::Kind::steps};
  std::vector<std::pair<std::string, std::vector<double>>> sets;
  std::vector<double> all;
  for (const RunResults* run : runs) {
    const NumberColumns table = read_table(run->directory, "spans", {"e2e_us"});
    if (table.empty()) continue;
    std::vector<double> values;
    for (const double v : table.at("e2e_us"))
      if (std::isfinite(v)) values.push_back(v / 1000);
    all.insert(all.end(), values.begin(), values.end());
    if (!values.empty()) sets.emplace_back(run->variant, std::move(values));
  }
  if (all.empty()) return chart;
  std::sort(all.begin(), all.end());
  const double low = all.front();
  double high = all[static_cast<size_t>(kShownOfLatencies * static_cast<double>(all.size() - 1))];
  if (high < all.back())
    chart.x_label += fmt::format("; the slowest 0.5 %, up to {} ms, are not shown", short_number(all.back()));
  if (!(high > low)) high = low + 1;
  const double width = (high - low) / kHistogramBins;
  for (const auto& [name, values] : sets) {
    std::vector<double> bins(kHistogramBins, 0.0);
    for (const double v : values)
      if (v <= high) ++bins[std::min(kHistogramBins - 1, static_cast<size_t>((v - low) / width))];
    ChartSeries s{.name = name, .points = {}};
    for (size_t i = 0; i < kHistogramBins; ++i)
      s.points.push_back({.x = low + width * static_cast<double>(i),
                          .y = 100 * bins[i] / static_cast<double>(values.size())});
    s.points.push_back({.x = high, .y = 0});
    chart.series.push_back(std::move(s));
  }
  return chart;
}

/// Bars of the figures BEFORE…AFTER of each variant, stacked.
Chart stacked(const std::vector<VariantResults>& variants, Chart chart, const std::string& before,
              const std::string& after, const std::set<std::string>& without,
              const std::vector<std::string>& order) {
  chart.kind = Chart::Kind::stacked_bars;
  std::vector<std::string> parts = order;
  for (const VariantResults& v : variants)
    for (const auto& [figure, s] : v.figures) {
      if (!figure.starts_with(before) || !figure.ends_with(after) ||
          figure.size() <= before.size() + after.size())
        continue;
      const std::string part = figure.substr(before.size(), figure.size() - before.size() - after.size());
      if (order.empty() && !without.count(part) && std::find(parts.begin(), parts.end(), part) == parts.end())
        parts.push_back(part);
    }
  for (const VariantResults& v : variants)
    if (!v.runs.empty()) chart.categories.push_back(v.name);
  for (const std::string& part : parts) {
    ChartSeries s{.name = part, .points = {}};
    double x = 0, sum = 0;
    for (const VariantResults& v : variants) {
      if (v.runs.empty()) continue;
      const double y = v.mean(before + part + after).value_or(0);
      s.points.push_back({.x = x++, .y = y});
      sum += y;
    }
    if (sum > 0) chart.series.push_back(std::move(s));
  }
  return chart;
}

/// The hops of the samples with a result, which add up to their mean latency.
Chart latency_by_hop(const std::vector<VariantResults>& variants) {
  Chart chart{.id = "latency_by_hop",
              .title = "Latency by hop, window's end to result",
              .y_label = "mean (ms)",
              .kind = Chart::Kind::stacked_bars};
  const std::vector<std::string> hops{"compute", "access", "air", "wire", "queue", "inference", "reply"};
  std::vector<std::string> columns{"e2e_us"};
  for (const std::string& h : hops) columns.push_back("hop_" + h + "_us");
  for (const std::string& h : hops) chart.series.push_back({.name = h, .points = {}});
  for (const VariantResults& v : variants) {
    std::vector<double> sums(hops.size(), 0.0);
    double samples = 0;
    for (const RunResults* run : v.runs) {
      const NumberColumns table = read_table(run->directory, "spans", columns);
      if (table.empty()) continue;
      const auto& e2e = table.at("e2e_us");
      for (size_t i = 0; i < e2e.size(); ++i) {
        if (!std::isfinite(e2e[i])) continue;
        ++samples;
        for (size_t h = 0; h < hops.size(); ++h) {
          const auto& values = table.at(columns[h + 1]);
          if (i < values.size() && std::isfinite(values[i])) sums[h] += values[i] / 1000;
        }
      }
    }
    if (samples == 0) continue;
    const auto x = static_cast<double>(chart.categories.size());
    chart.categories.push_back(v.name);
    for (size_t h = 0; h < hops.size(); ++h)
      chart.series[h].points.push_back({.x = x, .y = sums[h] / samples});
  }
  std::erase_if(chart.series, [](const ChartSeries& s) {
    return std::all_of(s.points.begin(), s.points.end(), [](const ChartPoint& p) { return p.y <= 0; });
  });
  return chart;
}

struct ParetoAxis {
  std::string figure, label;
  double factor = 1;
  bool more_is_better = false;
};

Chart pareto_chart(const std::vector<VariantResults>& variants, Chart chart, const ParetoAxis& x,
                   const ParetoAxis& y) {
  chart.kind = Chart::Kind::scatter;
  chart.x_label = x.label;
  chart.y_label = y.label;
  chart.y_from_zero = false;
  std::vector<ParetoPoint> costs;
  for (const VariantResults& v : variants) {
    const SampleStatistics *sx = v.find(x.figure), *sy = v.find(y.figure);
    if (sx == nullptr || sy == nullptr) continue;
    const ChartPoint p{.x = sx->mean * x.factor,
                       .y = sy->mean * y.factor,
                       .label = v.name,
                       .x_error = sx->ci95.value_or(0) * x.factor,
                       .y_error = sy->ci95.value_or(0) * y.factor};
    costs.push_back({x.more_is_better ? -p.x : p.x, y.more_is_better ? -p.y : p.y});
    chart.series.push_back({.name = v.name, .points = {p}});
  }
  const std::vector<bool> front = pareto_front(costs);
  for (size_t i = 0; i < front.size(); ++i)
    if (front[i]) chart.front.push_back(chart.series[i].points.front());
  std::sort(chart.front.begin(), chart.front.end(), [](const ChartPoint& a, const ChartPoint& b) {
    return std::pair(a.x, a.y) < std::pair(b.x, b.y);
  });
  return chart;
}

}  // namespace

std::vector<Chart> result_charts(const RunSet& set) {
  const auto variants = variant_results(set);
  const auto runs = shown_runs(variants);
  std::vector<Chart> charts;
  const auto keep = [&](Chart chart) {
    if (!chart.series.empty()) charts.push_back(std::move(chart));
  };
  if (set.batch && variants.size() > 1) {
    const ParetoAxis energy{"energy_per_sample_mJ", "energy per sample (mJ)"};
    const ParetoAxis latency{"avg_e2e_latency_ms", "mean latency (ms)"};
    const ParetoAxis accuracy{"ml_accuracy", "accuracy (%)", 100, true};
    keep(pareto_chart(variants, {.id = "pareto_energy_latency", .title = "Energy and latency"}, energy,
                      latency));
    keep(pareto_chart(variants, {.id = "pareto_energy_accuracy", .title = "Energy and accuracy"}, energy,
                      accuracy));
    keep(pareto_chart(variants, {.id = "pareto_latency_accuracy", .title = "Latency and accuracy"}, latency,
                      accuracy));
  }
  keep(latency_by_hop(variants));
  keep(latency_distribution(runs));
  keep(stacked(variants,
               {.id = "energy_by_cause", .title = "Energy by cause, all devices", .y_label = "energy (mJ)"},
               "energy_", "_mJ", {"per_sample"}, {}));
  const auto marked = [&](Chart chart) {
    if (runs.size() == 1) chart.marks = fault_marks(*runs.front());
    keep(std::move(chart));
  };
  Chart energy = time_chart(
      runs,
      {.id = "energy_over_time", .title = "Energy of all devices since the start", .y_label = "energy (mJ)"},
      "cumulative_energy_uJ", 1e-3, false);
  // A system without boards has an energy curve at zero.
  if (std::any_of(energy.series.begin(), energy.series.end(), [](const ChartSeries& s) {
        return std::any_of(s.points.begin(), s.points.end(), [](const ChartPoint& p) { return p.y != 0; });
      }))
    marked(std::move(energy));
  marked(time_chart(runs,
                    {.id = "delivery_over_time",
                     .title = "Packets delivered, of those decided in each interval",
                     .y_label = "delivered (%)"},
                    "packet_delivery_rate", 100, true));
  if (!set.batch)
    for (Chart& c : network_charts(set.directory)) charts.push_back(std::move(c));
  return charts;
}

}  // namespace xedgesim::report
