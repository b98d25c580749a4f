#pragma once
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "base/error.h"

namespace xedgesim::vm {

/// A folder that is gone when the work is done or fails.
class WorkFolder {
 public:
  static constexpr std::string_view kPrefix = "making-";
  explicit WorkFolder(const std::filesystem::path& parent) {
    std::string name = (parent / fmt::format("{}XXXXXX", kPrefix)).string();
    if (!mkdtemp(name.data())) throw SimulationError("cannot write to " + parent.string());
    path_ = name;
  }
  ~WorkFolder() {
    std::error_code ec;
    std::filesystem::remove_all(path_, ec);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace xedgesim::vm
