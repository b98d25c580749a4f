#pragma once
#include <compare>
#include <string>
#include <vector>

namespace xedgesim::scenario {

/// One sentence about one place of a file: what is wrong and what to do.
struct Diagnostic {
  std::string file;  ///< as given by the caller, or "--set path=value"
  int line = 0;      ///< from 1; 0: the whole file
  int column = 0;    ///< from 1, in characters
  std::string message;

  /// "scenario.yaml:14:5: unknown key 'sample_rat' in …"; without line and column where there are none.
  std::string text() const;
  auto operator<=>(const Diagnostic&) const = default;
};

/// One line a diagnostic.
std::string to_text(const std::vector<Diagnostic>& diagnostics);

}  // namespace xedgesim::scenario
