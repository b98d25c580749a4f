#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace xedgesim::container {

/// One entry of a cpio archive ("newc", as src/vm/image/cpio.h writes it).
struct CpioEntry {
  std::string path{};  ///< without a leading slash
  unsigned mode = 0;   ///< with the kind of file
  std::string_view contents{};
  unsigned major = 0, minor = 0;
};

/// Calls for each entry. Throws ConfigError for what is no such archive, or leaves the folder.
void read_cpio(std::string_view archive, const std::function<void(const CpioEntry&)>& entry);
/// Makes the files below `folder`; devices are left out. Throws ConfigError, SimulationError.
void unpack_cpio(const std::filesystem::path& archive, const std::filesystem::path& folder);

/// A file's whole contents. Throws ConfigError.
std::string read_whole_file(const std::filesystem::path& file);

}  // namespace xedgesim::container
