#include "scenario/places.h"

#include <fmt/format.h>

#include "scenario/assemble.h"

namespace xedgesim::scenario {

Diagnostic Places::complaint(std::string_view path, const std::string& what) const {
  Diagnostic d{
      .file = "", .line = 0, .column = 0, .message = path.empty() ? what : fmt::format("{}: {}", path, what)};
  if (!root_) return d;
  const Mark mark = place_of(*root_, path);
  const auto file = static_cast<size_t>(mark.file);
  if (file >= sources_.size()) return d;
  d.file = sources_[file];
  d.line = mark.line;
  d.column = mark.column;
  return d;
}

}  // namespace xedgesim::scenario
