#include "metrics/table_writer.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace xedgesim::metrics {
namespace {

/// RFC 4180 quoting; line breaks become spaces so that a line is always a row.
void append_csv_text(std::string& out, std::string_view text) {
  const bool quote = text.find_first_of(",\"\r\n") != std::string_view::npos;
  if (!quote) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  out += '"';
}

void append_integer(std::string& out, int64_t v) {
  const fmt::format_int text(v);
  out.append(text.data(), text.size());
}

}  // namespace

void Cell::append_csv(std::string& out) const {
  if (const auto* text = std::get_if<std::string_view>(&value_)) append_csv_text(out, *text);
  if (const auto* v = std::get_if<int64_t>(&value_)) append_integer(out, *v);
  if (const auto* v = std::get_if<Decimal>(&value_)) v->append(out);
}

void Cell::append_json(std::string& out) const {
  if (const auto* text = std::get_if<std::string_view>(&value_)) {
    out += nlohmann::json(*text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  } else if (std::holds_alternative<std::monostate>(value_)) {
    out += "null";
  } else {
    append_csv(out);
  }
}

TableWriter::TableWriter(RunDirectory& directory, const std::string& name, std::vector<std::string> columns,
                         Formats formats)
    : columns_(std::move(columns)) {
  if (formats.csv) {
    csv_ = directory.open(name + ".csv");
    csv_->append(fmt::format("{}\n", fmt::join(columns_, ",")));
  }
  if (formats.json) json_ = directory.open(name + ".jsonl");
  flush();
}

void TableWriter::row(const std::vector<Cell>& cells) {
  XEDGESIM_ASSERT(cells.size() == columns_.size());
  if (csv_) {
    line_.clear();
    for (const Cell& c : cells) {
      if (&c != cells.data()) line_ += ',';
      c.append_csv(line_);
    }
    line_ += '\n';
    csv_->append(line_);
  }
  if (json_) {
    line_.clear();
    for (size_t i = 0; i < cells.size(); ++i) {
      line_ += i == 0 ? '{' : ',';
      line_ += '"';
      line_ += columns_[i];
      line_ += "\":";
      cells[i].append_json(line_);
    }
    line_ += "}\n";
    json_->append(line_);
  }
}

void TableWriter::flush() {
  if (csv_) csv_->flush();
  if (json_) json_->flush();
}

}  // namespace xedgesim::metrics
