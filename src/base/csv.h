#pragma once
#include <optional>
#include <string_view>
#include <vector>

namespace xedgesim {

/// Cells of one line of a CSV file of numbers and names, without the spaces and quotes around them and
/// without the line's carriage return. No quoted commas: a data file that needs them is no table of numbers.
std::vector<std::string_view> csv_cells(std::string_view line);

/// A whole cell as a number; none when it is no number at all. NaN and infinity are numbers, and so is what
/// is too large (infinity): the caller refuses them with a sentence of its own.
std::optional<double> csv_number(std::string_view cell);

}  // namespace xedgesim
