#include "ml/data_table.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <fstream>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace xedgesim::ml {
namespace {

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> cells;
  for (;;) {
    const size_t comma = line.find(',');
    std::string_view cell = line.substr(0, comma);
    while (!cell.empty() && (cell.front() == ' ' || cell.front() == '"')) cell.remove_prefix(1);
    while (!cell.empty() && (cell.back() == ' ' || cell.back() == '"' || cell.back() == '\r'))
      cell.remove_suffix(1);
    cells.push_back(cell);
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

/// None when it is no number at all; NaN and infinity are numbers here, to be refused with their own
/// sentence.
std::optional<double> number(std::string_view s) {
  double v = 0;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (error == std::errc::result_out_of_range) return INFINITY;
  if (error != std::errc{} || end != s.data() + s.size()) return std::nullopt;
  return v;
}

}  // namespace

DataTable read_data_table(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in || std::filesystem::is_directory(file))
    throw ConfigError(fmt::format("the data set '{}' cannot be read", file.string()));
  DataTable table;
  std::optional<size_t> label, width;
  size_t line_number = 0;
  for (std::string line; std::getline(in, line);) {
    ++line_number;
    if (line.empty() || line == "\r" || line[0] == '#') continue;
    const auto fail = [&](const std::string& what) {
      throw ConfigError(fmt::format("{}:{}: {}", file.string(), line_number, what));
    };
    const auto cells = split(line);
    if (!width) {
      width = cells.size();
      if (!number(cells[0])) {  // names
        for (size_t i = 0; i < cells.size(); ++i)
          if (cells[i] == "label") label = i;
        continue;
      }
    }
    if (cells.size() != *width)
      fail(fmt::format("{} columns where the first line has {}", cells.size(), *width));
    std::vector<float> row;
    for (size_t i = 0; i < cells.size(); ++i) {
      const auto v = number(cells[i]);
      if (!v) fail(fmt::format("column {}: '{}' is not a number", i + 1, cells[i]));
      if (!std::isfinite(static_cast<float>(*v)))
        fail(fmt::format("column {}: '{}' is not a finite number", i + 1, cells[i]));
      if (label != i) {
        row.push_back(static_cast<float>(*v));
      } else {
        if (*v < 0 || *v > 4095 || *v != std::floor(*v))
          fail(fmt::format("the label '{}' is no class number", cells[i]));
        table.labels.push_back(static_cast<int>(*v));
      }
    }
    table.rows.push_back(std::move(row));
  }
  if (table.rows.empty()) throw ConfigError(fmt::format("the data set '{}' has no rows", file.string()));
  return table;
}

}  // namespace xedgesim::ml
