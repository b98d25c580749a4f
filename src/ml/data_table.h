#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace xedgesim::ml {

/// Rows of model inputs with, perhaps, their classes.
struct DataTable {
  std::vector<std::vector<float>> rows;
  std::vector<int> labels;  ///< one a row, or none at all
};

/// A CSV file: one row a sample, one number a column, all rows of one length; the column called `label` in a
/// first line of names is the class. Lines that begin with # are left out. ConfigError with file and line for
/// anything else, values that are not finite included, and for a file without rows.
DataTable read_data_table(const std::filesystem::path& file);

}  // namespace xedgesim::ml
