#include "report/result_table.h"

#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

namespace xedgesim::report {
namespace {

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

/// Cells of one line; quotes as RFC 4180 has them, without line breaks inside.
std::vector<std::string> csv_cells(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      cells.back() += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else if (c != '\r') {
      cells.back() += c;
    }
  }
  return cells;
}

double number_in(const std::string& cell) {
  double v = 0;
  const auto [end, ec] = std::from_chars(cell.data(), cell.data() + cell.size(), v);
  return ec == std::errc{} && end == cell.data() + cell.size() ? v : kNoNumber;
}

/// `from_csv` makes a value of a cell's text, `from_json` of a member, which may be missing.
template <typename Value, typename FromCsv, typename FromJson>
std::map<std::string, std::vector<Value>> read_columns(const std::filesystem::path& run,
                                                       const std::string& name,
                                                       const std::vector<std::string>& columns,
                                                       FromCsv from_csv, FromJson from_json) {
  std::map<std::string, std::vector<Value>> out;
  std::string line;
  if (std::ifstream in(run / (name + ".csv"), std::ios::binary); in && std::getline(in, line)) {
    const auto header = csv_cells(line);
    std::vector<std::vector<Value>*> wanted(header.size(), nullptr);
    for (const std::string& c : columns) out[c];
    for (size_t i = 0; i < header.size(); ++i)
      if (const auto found = out.find(header[i]); found != out.end()) wanted[i] = &found->second;
    while (std::getline(in, line)) {
      const auto cells = csv_cells(line);
      if (cells.size() != header.size()) continue;
      for (size_t i = 0; i < cells.size(); ++i)
        if (wanted[i]) wanted[i]->push_back(from_csv(cells[i]));
    }
    return out;
  }
  std::ifstream in(run / (name + ".jsonl"), std::ios::binary);
  if (!in) return out;
  for (const std::string& c : columns) out[c];
  while (std::getline(in, line)) {
    const auto row = nlohmann::json::parse(line, nullptr, false);
    if (!row.is_object()) continue;
    for (auto& [column, values] : out) {
      const auto cell = row.find(column);
      values.push_back(from_json(cell == row.end() ? nullptr : &*cell));
    }
  }
  return out;
}

}  // namespace

NumberColumns read_table(const std::filesystem::path& run, const std::string& name,
                         const std::vector<std::string>& columns) {
  return read_columns<double>(
      run, name, columns, [](const std::string& cell) { return number_in(cell); },
      [](const nlohmann::json* cell) { return cell && cell->is_number() ? cell->get<double>() : kNoNumber; });
}

TextColumns read_text_table(const std::filesystem::path& run, const std::string& name,
                            const std::vector<std::string>& columns) {
  return read_columns<std::string>(
      run, name, columns, [](const std::string& cell) { return cell; },
      [](const nlohmann::json* cell) {
        return !cell || cell->is_structured() || cell->is_null() ? std::string()
               : cell->is_string()                               ? cell->get<std::string>()
                                                                 : cell->dump();
      });
}

}  // namespace xedgesim::report
