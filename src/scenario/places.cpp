#include "scenario/places.h"

#include <fmt/format.h>

#include "scenario/assemble.h"

namespace xedgesim::scenario {

std::string Places::prefix(std::string_view path) const {
  const std::string key = path.empty() ? "" : std::string(path) + ": ";
  if (!root_) return key;
  const Mark mark = place_of(*root_, path);
  const auto file = static_cast<size_t>(mark.file);
  if (file >= sources_.size()) return key;
  if (mark.line == 0) return fmt::format("{}: {}", sources_[file], key);
  return fmt::format("{}:{}:{}: {}", sources_[file], mark.line, mark.column, key);
}

}  // namespace xedgesim::scenario
