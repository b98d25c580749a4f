#include "metrics/suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace xedgesim::metrics {
namespace {

size_t edit_distance(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  };
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (same(a[i - 1], b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string suggestion(std::string_view wrong, const std::vector<std::string>& names) {
  if (wrong.size() > 100) return "";
  size_t best = std::max<size_t>(2, wrong.size() / 3) + 1;
  std::string_view nearest;
  for (const std::string& name : names) {
    const size_t d = edit_distance(wrong, name);
    if (d < best) {
      best = d;
      nearest = name;
    }
  }
  return nearest.empty() ? "" : fmt::format(" — did you mean '{}'?", nearest);
}

}  // namespace xedgesim::metrics
