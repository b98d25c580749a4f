#include "web/charts_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiment/first_difference.h"
#include "report/result_charts.h"
#include "report/run_comparison.h"
#include "report/svg_chart.h"
#include "web/refusal.h"
#include "web/run_state.h"
#include "web/run_view.h"

namespace xedgesim::web {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kLargestTables = uintmax_t{512} << 20;
constexpr size_t kMostCompared = 8;

const char* kind_name(report::Chart::Kind kind) {
  using Kind = report::Chart::Kind;
  switch (kind) {
    case Kind::lines:
      return "lines";
    case Kind::steps:
      return "steps";
    case Kind::stacked_bars:
      return "stacked_bars";
    case Kind::scatter:
      return "scatter";
  }
  return "lines";
}

Json number(double v) { return std::isfinite(v) ? Json(v) : Json(nullptr); }

Json chart_json(const report::Chart& chart) {
  Json series = Json::array(), marks = Json::array();
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const report::ChartSeries& s = chart.series[i];
    Json x = Json::array(), y = Json::array();
    for (const report::ChartPoint& p : s.points) {
      x.push_back(number(p.x));
      y.push_back(number(p.y));
    }
    series.push_back({{"name", s.name}, {"colour", report::series_colour(i)}, {"x", x}, {"y", y}});
  }
  for (const report::Chart::Mark& m : chart.marks)
    marks.push_back({{"x", number(m.x)}, {"label", m.label}, {"begins", m.begins}});
  return {{"id", chart.id},
          {"title", chart.title},
          {"x_label", chart.x_label},
          {"y_label", chart.y_label},
          {"kind", kind_name(chart.kind)},
          {"y_from_zero", chart.y_from_zero},
          {"series", series},
          {"marks", marks},
          {"svg", report::svg_chart(chart)}};
}

/// Bytes of the tables that charts are made of.
uintmax_t table_bytes(const report::RunSet& set) {
  uintmax_t sum = 0;
  std::error_code ec;
  for (const report::RunResults& run : set.runs)
    for (const char* name : {"spans", "cross_tier_metrics", "network_metrics", "link_metrics"})
      for (const char* form : {".csv", ".jsonl"})
        if (const uintmax_t size = fs::file_size(run.directory / (std::string(name) + form), ec); !ec)
          sum += size;
  return sum;
}

Json set_charts(const report::RunSet& set) {
  Json list = Json::array();
  if (const uintmax_t bytes = table_bytes(set); bytes > kLargestTables)
    return {{"charts", list},
            {"left_out", fmt::format("The tables have {} MiB, too much for charts in a page; `xedgesim plot` "
                                     "draws them.",
                                     bytes >> 20)}};
  for (const report::Chart& c : report::result_charts(set)) list.push_back(chart_json(c));
  return {{"charts", std::move(list)}, {"left_out", nullptr}};
}

report::RunSet checked_run(const Results& results, const std::string& id) {
  const fs::path folder = results.run_folder(id);
  report::RunSet set = load_run(folder);
  // The runs of a batch are folders of their own.
  for (const report::RunResults& run : set.runs)
    if (run.directory != folder && fs::exists(run.directory))
      results.run_folder(run.directory.lexically_relative(results.path()).generic_string());
  return set;
}

}  // namespace

Json charts_view(const Results& results, const std::string& id) {
  return set_charts(checked_run(results, id));
}

Json comparison_view(const Results& results, const std::vector<std::string>& ids, bool all) {
  if (ids.empty() || ids.size() > kMostCompared)
    throw Refusal(400, fmt::format("name two to {} runs, or one batch", kMostCompared));
  std::vector<report::RunSet> sets;
  for (const std::string& id : ids) {
    sets.push_back(checked_run(results, id));
    sets.back().directory = id;  // stands beside names that occur twice
  }
  const auto columns = report::compared_columns(sets);
  if (columns.size() < 2) throw Refusal(400, "there is one run only: name two, or a batch with variants");
  Json view{{"columns", Json::array()}, {"figures", table_json(report::comparison_table(columns, all))}};
  for (const report::ComparedColumn& c : columns) {
    const report::RunResults* run = c.results.runs.empty() ? nullptr : c.results.runs.front();
    view["columns"].push_back({{"name", c.name}, {"digest", run ? text_member(run->summary, "digest") : ""}});
  }
  report::TextTable inputs{.header = {"input", columns.front().name, "other", "of"}};
  const auto& reference = columns.front().results.runs;
  for (size_t i = 1; i < columns.size() && !reference.empty(); ++i)
    if (!columns[i].results.runs.empty())
      for (const auto& d : experiment::input_differences(reference.front()->directory,
                                                         columns[i].results.runs.front()->directory))
        inputs.rows.push_back({d.what, d.a, d.b, columns[i].name});
  view["inputs"] = table_json(inputs);
  report::RunSet both{.name = "comparison", .directory = {}, .batch = true, .runs = {}, .search = nullptr};
  for (const report::ComparedColumn& c : columns)
    for (const report::RunResults* run : c.results.runs) {
      both.runs.push_back(*run);
      both.runs.back().variant = c.name;
    }
  view.update(set_charts(both));
  return view;
}

}  // namespace xedgesim::web
