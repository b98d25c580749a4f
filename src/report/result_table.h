#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace xedgesim::report {

/// Columns of numbers of one table of a run (docs/results.md); what is no number is NaN.
using NumberColumns = std::map<std::string, std::vector<double>>;

/// Reads `columns` of NAME.csv, or of NAME.jsonl when only that was written. Empty when the run has no such
/// table; a column that the table does not have is empty. A cut last line is left out.
NumberColumns read_table(const std::filesystem::path& run, const std::string& name,
                         const std::vector<std::string>& columns);

/// The same with the cells as they stand.
using TextColumns = std::map<std::string, std::vector<std::string>>;
TextColumns read_text_table(const std::filesystem::path& run, const std::string& name,
                            const std::vector<std::string>& columns);

}  // namespace xedgesim::report
