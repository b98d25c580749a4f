#pragma once
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "base/error.h"

namespace xedgesim::vm {

/// A folder that is gone when the work is done or fails.
class WorkFolder {
 public:
  explicit WorkFolder(const std::filesystem::path& parent) {
    std::string name = (parent / "making-XXXXXX").string();
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
