#include "ml/data_table.h"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <optional>

#include "base/csv.h"
#include "base/error.h"

namespace xedgesim::ml {
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
    const auto cells = csv_cells(line);
    if (!width) {
      width = cells.size();
      if (!csv_number(cells[0])) {  // names
        for (size_t i = 0; i < cells.size(); ++i)
          if (cells[i] == "label") label = i;
        continue;
      }
    }
    if (cells.size() != *width)
      fail(fmt::format("{} columns where the first line has {}", cells.size(), *width));
    std::vector<float> row;
    for (size_t i = 0; i < cells.size(); ++i) {
      const auto v = csv_number(cells[i]);
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
