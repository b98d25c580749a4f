#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "metrics/decimal.h"
#include "metrics/run_directory.h"

namespace xedgesim::metrics {

/// metrics.formats: csv writes NAME.csv, json writes NAME.jsonl (one object a row, the same names and
/// digits). summary.json and events.jsonl are written in any case.
struct Formats {
  bool csv = true;
  bool json = false;
};

/// Nothing (an empty cell, null in JSON), text, or a number that prints the same on every host.
class Cell {
 public:
  Cell() = default;
  Cell(std::nullopt_t) {}
  Cell(std::string_view text) : value_(text) {}
  Cell(const std::string& text) : value_(std::string_view(text)) {}
  Cell(const char* text) : value_(std::string_view(text)) {}
  Cell(int64_t v) : value_(v) {}
  Cell(int v) : value_(int64_t{v}) {}
  Cell(uint32_t v) : value_(int64_t{v}) {}
  Cell(Decimal v) : value_(v) {}
  template <typename T>
  Cell(const std::optional<T>& v) {
    if (v) *this = Cell(*v);
  }

  void append_csv(std::string& out) const;
  void append_json(std::string& out) const;

 private:
  std::variant<std::monostate, std::string_view, int64_t, Decimal> value_;
};

/// One table in the formats asked for. The header line is on disk as soon as the table exists.
class TableWriter {
 public:
  TableWriter(RunDirectory& directory, const std::string& name, std::vector<std::string> columns,
              Formats formats);
  /// As many cells as columns. Texts are copied at once.
  void row(const std::vector<Cell>& cells);
  void flush();

 private:
  std::vector<std::string> columns_;
  std::unique_ptr<OutputFile> csv_, json_;
  std::string line_;
};

}  // namespace xedgesim::metrics
