#include "debugger/debug_memory.h"

#include <algorithm>

#include "platforms/machine.h"

namespace xedgesim::debugger {

std::string bytes_at(platforms::Machine& m, uint32_t address, uint32_t length) {
  std::string out;
  while (out.size() < length) {
    const uint32_t at = address + static_cast<uint32_t>(out.size());
    const uint32_t left = length - static_cast<uint32_t>(out.size());
    const unsigned width = at % 4 == 0 && left >= 4 ? 4 : at % 2 == 0 && left >= 2 ? 2 : 1;
    uint32_t value = 0;
    if (!m.core().debug_read(at, width, value)) return {};
    out.append(reinterpret_cast<const char*>(&value), width);
  }
  return out;
}

bool write_bytes(platforms::Machine& m, uint32_t address, std::string_view bytes) {
  while (!bytes.empty()) {
    const unsigned width = address % 4 == 0 && bytes.size() >= 4   ? 4
                           : address % 2 == 0 && bytes.size() >= 2 ? 2
                                                                   : 1;
    uint32_t value = 0;
    std::copy_n(bytes.data(), width, reinterpret_cast<char*>(&value));
    if (!m.core().debug_write(address, width, value)) return false;
    address += width;
    bytes.remove_prefix(width);
  }
  return true;
}

}  // namespace xedgesim::debugger
