#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace xedgesim {

/// Natural order: runs of digits compare as numbers, so vib_2 comes before vib_10. A total order:
/// texts that differ only in leading zeros compare as plain text.
bool natural_less(std::string_view a, std::string_view b);

/// Shell-style match with * and ? only.
bool glob_match(std::string_view pattern, std::string_view text);

/// The candidate nearest to `word` in Damerau-Levenshtein distance, or empty when none is near enough to be
/// a likely misspelling.
std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace xedgesim
