#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "scenario/diagnostic.h"
#include "scenario/load.h"

namespace xedgesim::scenario {

/// A file for `xedgesim place --space`: which variants are tried, where not the default ones. What is absent
/// is chosen by the search (system/placement_space.h).
struct SearchSpace {
  std::vector<std::string> devices;  ///< ids of groups; empty: all emulated ones with ml_placement
  std::optional<std::vector<MlPlacement>> placements;
  std::optional<std::vector<int64_t>> splits;  ///< the last layer on the device, of each cut
  std::optional<std::vector<Duration>> report_intervals;
  std::map<std::string, std::vector<std::string>> vary;  ///< override path -> values
  std::vector<uint64_t> seeds;                           ///< empty: the scenario's own
  std::string objective, subject;                        ///< as the options of the same names; these win
  bool operator==(const SearchSpace&) const = default;
};

struct SearchSpaceResult {
  SearchSpace space;
  std::vector<Diagnostic> errors;
  std::vector<Diagnostic> warnings;
  bool ok() const { return errors.empty(); }
};

/// A map below the key `search`. Never throws for anything a file can contain.
SearchSpaceResult load_search_space(const std::filesystem::path& file, const LoadOptions& options = {});

}  // namespace xedgesim::scenario
