#include "vm/image/kernel_module.h"

#include <cstdint>
#include <string_view>

namespace xedgesim::vm {

std::string without_signature(std::string module) {
  constexpr std::string_view kMark = "~Module signature appended~\n";
  constexpr size_t kDescription = 12;
  if (!module.ends_with(kMark) || module.size() < kMark.size() + kDescription) return module;
  const size_t description = module.size() - kMark.size() - kDescription;
  size_t length = 0;
  for (size_t i = kDescription - 4; i < kDescription; ++i)
    length = length << 8 | static_cast<uint8_t>(module[description + i]);
  if (length > description) return module;
  module.resize(description - length);
  return module;
}

}  // namespace xedgesim::vm
