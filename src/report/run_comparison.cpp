#include "report/run_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "report/comparison.h"

namespace xedgesim::report {
namespace {

std::set<std::string> figure_names(const std::vector<ComparedColumn>& columns) {
  std::set<std::string> names;
  for (const ComparedColumn& c : columns)
    for (const auto& [name, s] : c.results.figures) names.insert(name);
  return names;
}

std::string change_text(double from, double to) {
  if (from == to) return " (=)";
  if (from == 0) return "";
  const double percent = (to - from) / std::fabs(from) * 100;
  return std::fabs(percent) < 0.005 ? " (~0 %)" : fmt::format(" ({:+.2f} %)", percent);
}

}  // namespace

std::vector<ComparedColumn> compared_columns(const std::vector<RunSet>& sets) {
  std::vector<ComparedColumn> columns;
  std::vector<std::string> folders;
  for (const RunSet& set : sets)
    for (VariantResults& v : variant_results(set)) {
      folders.push_back(set.directory.string());
      columns.push_back({v.name, std::move(v)});
    }
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto same = [&](const ComparedColumn& c) { return c.results.name == columns[i].results.name; };
    if (std::count_if(columns.begin(), columns.end(), same) > 1)
      columns[i].name = fmt::format("{} [{}]", columns[i].results.name, folders[i]);
  }
  return columns;
}

TextTable comparison_table(const std::vector<ComparedColumn>& columns, bool all) {
  TextTable t{.header = {"figure"}, .right = {false}};
  for (const ComparedColumn& c : columns) {
    t.header.push_back(c.name);
    t.right.push_back(true);
  }
  for (const std::string& name : figure_names(columns)) {
    std::vector<std::string> row{name};
    const auto first = columns.front().results.mean(name);
    bool same = true;
    for (size_t i = 0; i < columns.size(); ++i) {
      const auto v = columns[i].results.mean(name);
      same = same && v == first;
      row.push_back(v ? short_number(*v) + (i > 0 && first ? change_text(*first, *v) : "") : "-");
    }
    if (all || !same) t.rows.push_back(std::move(row));
  }
  return t;
}

Json comparison_json(const std::vector<ComparedColumn>& columns) {
  Json j{{"columns", Json::array()}, {"figures", Json::object()}};
  for (const ComparedColumn& c : columns) j["columns"].push_back(c.name);
  for (const std::string& name : figure_names(columns)) {
    Json values = Json::array();
    for (const ComparedColumn& c : columns) {
      const auto v = c.results.mean(name);
      values.push_back(v ? Json(*v) : Json(nullptr));
    }
    j["figures"][name] = std::move(values);
  }
  return j;
}

}  // namespace xedgesim::report
