#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace xedgesim::scenario {

/// Damerau-Levenshtein distance (optimal string alignment): insertions, deletions, substitutions and swaps
/// of neighbours.
size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate a user most likely meant, or "" when none is near. Case and - versus _ count little.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// " — did you mean 'x'?" or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// "a, b, c", cut after `limit` names with "… (N in all)".
std::string name_list(const std::vector<std::string>& names, size_t limit = 20);

}  // namespace xedgesim::scenario
