#include "scenario/diagnostic.h"

#include <fmt/format.h>

namespace xedgesim::scenario {

std::string Diagnostic::text() const {
  if (file.empty()) return message;
  if (line <= 0) return fmt::format("{}: {}", file, message);
  return fmt::format("{}:{}:{}: {}", file, line, column, message);
}

std::string to_text(const std::vector<Diagnostic>& diagnostics) {
  std::string out;
  for (const Diagnostic& d : diagnostics) out += d.text() + '\n';
  return out;
}

}  // namespace xedgesim::scenario
