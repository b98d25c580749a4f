#pragma once
#include <string>
#include <vector>

#include "report/run_set.h"
#include "report/text_table.h"

namespace xedgesim::report {

/// Columns of a comparison: a run, or one variant of a batch with the mean over its seeds.
struct ComparedColumn {
  std::string name;
  VariantResults results;
};
/// One column for each variant of each set; names that occur twice are told apart by their folders. The sets
/// must outlive them.
std::vector<ComparedColumn> compared_columns(const std::vector<RunSet>& sets);

/// Every figure a line, the change against the first column in percent; with `all` also the figures that are
/// the same everywhere.
TextTable comparison_table(const std::vector<ComparedColumn>& columns, bool all);
Json comparison_json(const std::vector<ComparedColumn>& columns);

}  // namespace xedgesim::report
