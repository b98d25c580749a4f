#pragma once
#include <span>
#include <string_view>

namespace xedgesim::web {

/// A file of the page, built into the program (CMakeLists.txt makes the list from /web).
struct Asset {
  std::string_view name;  ///< "charts.js"
  std::string_view content;
};

std::span<const Asset> assets();

/// Or null.
const Asset* find_asset(std::string_view name);

/// The Content-Type of a file by its name.
std::string_view media_type(std::string_view name);

}  // namespace xedgesim::web
