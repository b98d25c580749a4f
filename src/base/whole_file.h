#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace xedgesim {

/// A file's bytes. Throws ConfigError, naming it.
std::string read_whole_file(const std::filesystem::path& file);
/// Replaces what was there. Throws SimulationError, naming it.
void write_whole_file(const std::filesystem::path& file, std::string_view text);

}  // namespace xedgesim
