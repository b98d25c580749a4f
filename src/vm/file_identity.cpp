#include "vm/file_identity.h"

#include <fmt/format.h>

namespace xedgesim::vm {
namespace fs = std::filesystem;

std::string identity_of(const fs::path& file) {
  std::error_code ec;
  const fs::path real = fs::canonical(file, ec);
  const auto size = fs::file_size(real, ec);
  const auto changed = fs::last_write_time(real, ec).time_since_epoch().count();
  return fmt::format("{} {} {}", real.string(), size, changed);
}

}  // namespace xedgesim::vm
