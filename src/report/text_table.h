#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace xedgesim::report {

/// A table for a terminal.
struct TextTable {
  std::vector<std::string> header = {};  ///< empty: none
  std::vector<std::vector<std::string>> rows = {};
  std::vector<bool> right = {};  ///< columns of numbers, aligned to the right
};

/// Box lines around it, UTF-8 or plain ASCII. A cell wider than 76 columns is wrapped at spaces, so that a
/// long sentence does not make the whole table wide; a single word (a path) may take up to 120 columns.
std::string render_table(const TextTable& table, bool utf8 = true);

/// Columns a UTF-8 text takes, with every code point one column wide (all that is printed here are).
size_t text_width(std::string_view s);

/// Lines of at most `columns`, broken at spaces; a longer word is cut.
std::vector<std::string> wrap_text(std::string_view text, size_t columns);

}  // namespace xedgesim::report
