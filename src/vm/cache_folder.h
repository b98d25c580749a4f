#pragma once
#include <filesystem>
#include <string_view>

namespace xedgesim::vm {

/// Where this user's machine files are kept: what the environment variable says, else xedgesim/<name> in
/// $XDG_CACHE_HOME or ~/.cache.
std::filesystem::path cache_folder(const char* variable, std::string_view name);

}  // namespace xedgesim::vm
