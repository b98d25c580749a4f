#pragma once
#include <filesystem>
#include <string>

namespace xedgesim::vm {

/// Which file it is, without reading it: where it really lies, its size, and when it was written.
std::string identity_of(const std::filesystem::path& file);

}  // namespace xedgesim::vm
