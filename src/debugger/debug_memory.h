#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace xedgesim::platforms {
class Machine;
}

namespace xedgesim::debugger {

/// Bytes as a probe reads them, by the widest aligned accesses. Empty: not all of them are there.
std::string bytes_at(platforms::Machine& machine, uint32_t address, uint32_t length);
/// False at the first that cannot be written; those before it are.
bool write_bytes(platforms::Machine& machine, uint32_t address, std::string_view bytes);

}  // namespace xedgesim::debugger
