#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace xedgesim::web {

/// The folder of results: all that a browser can ask for lies in it, and nothing that only a symbolic link
/// puts there. Ids are paths below it (http/target.h).
class Results {
 public:
  /// Throws ConfigError when there is no such folder.
  explicit Results(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return root_; }
  /// A folder below it. Throws Refusal (404) when there is none or it lies elsewhere.
  std::filesystem::path folder(std::string_view id) const;
  /// The folder of a run or a batch whose files may be read by their names: likewise refused when one of them
  /// is a link to something elsewhere.
  std::filesystem::path run_folder(std::string_view id) const;
  /// A plain file below it. Throws Refusal (404) when there is none, it is something else (a device, a pipe),
  /// or lies elsewhere.
  http::OpenFile open(std::string_view id) const;

  /// The last `most` bytes of a file, or those before `end`; from the beginning of a line.
  struct Window {
    std::string text;
    uint64_t begin = 0, end = 0, size = 0;
  };
  Window window(std::string_view id, uint64_t most, uint64_t end = UINT64_MAX) const;

 private:
  bool inside(const std::filesystem::path& real) const;
  std::filesystem::path root_;
};

}  // namespace xedgesim::web
