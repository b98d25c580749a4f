#include "report/text_table.h"

#include <algorithm>

namespace xedgesim::report {
namespace {

constexpr size_t kWidestText = 76, kWidestWord = 120;

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

size_t longest_word(std::string_view s) {
  size_t longest = 0;
  for (size_t from = 0; from < s.size();) {
    const size_t end = std::min(s.find(' ', from), s.size());
    longest = std::max(longest, text_width(s.substr(from, end - from)));
    from = end + 1;
  }
  return longest;
}

/// Bytes of the first `columns` code points.
size_t prefix_bytes(std::string_view s, size_t columns) {
  size_t i = 0;
  for (size_t n = 0; i < s.size(); ++i)
    if (!continues(s[i]) && n++ == columns) break;
  return i;
}

std::string repeated(std::string_view piece, size_t n) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += piece;
  return out;
}

size_t wanted_width(std::string_view cell) {
  const size_t cap = std::max(kWidestText, std::min(longest_word(cell), kWidestWord));
  return std::min(text_width(cell), cap);
}

}  // namespace

size_t text_width(std::string_view s) {
  return static_cast<size_t>(std::count_if(s.begin(), s.end(), [](char c) { return !continues(c); }));
}

std::vector<std::string> wrap_text(std::string_view text, size_t columns) {
  columns = std::max<size_t>(columns, 1);
  if (text_width(text) <= columns) return {std::string(text)};
  std::vector<std::string> lines;
  std::string line;
  const auto end_line = [&] {
    lines.push_back(std::move(line));
    line.clear();
  };
  for (size_t from = 0; from <= text.size();) {
    const size_t end = std::min(text.find(' ', from), text.size());
    std::string_view word = text.substr(from, end - from);
    if (!line.empty() && text_width(line) + 1 + text_width(word) > columns) end_line();
    if (!line.empty()) line += ' ';
    while (text_width(word) > columns) {
      const size_t cut = prefix_bytes(word, columns);
      line += word.substr(0, cut);
      word.remove_prefix(cut);
      end_line();
    }
    line += word;
    from = end + 1;
  }
  end_line();
  return lines;
}

std::string render_table(const TextTable& table, bool utf8) {
  size_t columns = table.header.size();
  for (const auto& row : table.rows) columns = std::max(columns, row.size());
  std::vector<size_t> widths(columns);
  const auto widen = [&](const std::vector<std::string>& row) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], wanted_width(row[i]));
  };
  widen(table.header);
  for (const auto& row : table.rows) widen(row);

  const std::string_view bar = utf8 ? "│" : "|", dash = utf8 ? "─" : "-";
  const auto rule = [&](std::string_view left, std::string_view middle, std::string_view right) {
    std::string line(left);
    for (size_t i = 0; i < columns; ++i) {
      if (i > 0) line += middle;
      line += repeated(dash, widths[i] + 2);
    }
    return line + std::string(right) + "\n";
  };
  const auto print = [&](const std::vector<std::string>& row, bool header) {
    std::vector<std::vector<std::string>> cells(columns);
    size_t height = 1;
    for (size_t i = 0; i < columns; ++i) {
      cells[i] = wrap_text(i < row.size() ? row[i] : "", widths[i]);
      height = std::max(height, cells[i].size());
    }
    std::string out;
    for (size_t y = 0; y < height; ++y) {
      for (size_t i = 0; i < columns; ++i) {
        const std::string text = y < cells[i].size() ? cells[i][y] : "";
        const std::string space(widths[i] - std::min(widths[i], text_width(text)), ' ');
        const bool right = !header && i < table.right.size() && table.right[i];
        out += std::string(bar) + " " + (right ? space + text : text + space) + " ";
      }
      out += std::string(bar) + "\n";
    }
    return out;
  };
  std::string out = utf8 ? rule("┌", "┬", "┐") : rule("+", "+", "+");
  if (!table.header.empty())
    out += print(table.header, true) + (utf8 ? rule("├", "┼", "┤") : rule("+", "+", "+"));
  for (const auto& row : table.rows) out += print(row, false);
  return out + (utf8 ? rule("└", "┴", "┘") : rule("+", "+", "+"));
}

}  // namespace xedgesim::report
