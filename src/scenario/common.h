#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "scenario/impairments.h"

namespace xedgesim::scenario {

/// A file named by a scenario. `written` is the user's text, `resolved` where it was looked for: relative
/// to the folder of the YAML file the text stands in (for --set: of the main file), then
/// LoadOptions::search_paths in order; the first that exists, else the first.
struct FilePath {
  std::string written;
  std::filesystem::path resolved;

  bool empty() const { return written.empty(); }
  /// The same text means the same file; where it was found is the machine's affair.
  bool operator==(const FilePath& o) const { return written == o.written; }
};

/// Metres; the gateway is at the origin unless the scenario says otherwise.
struct Position {
  double x_m = 0;
  double y_m = 0;
  double z_m = 0;
  bool operator==(const Position&) const = default;
};

/// Node names as a user writes them: an id, a group id, a glob (`vib_*`), or the seed's `device_3`.
/// resolve_targets() in expand.h turns them into ids.
using Targets = std::vector<std::string>;

}  // namespace xedgesim::scenario
