#pragma once
#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace xedgesim::exporter {

/// One file of an export. `path` is relative to the output folder and made of names the scenario language
/// allows for ids, so it never leads out of it.
struct File {
  std::filesystem::path path{};
  std::string text{};
  std::filesystem::path copy_of{};  ///< not empty: the file's bytes are this file's, and `text` is unused
  unsigned mode = 0644;
  bool keep = false;  ///< a file that is there already stays as it is (secrets)
};

/// Something the target cannot do as the scenario says it. `where` is a path in the scenario ("links[2]").
struct Warning {
  std::string where;
  std::string text{};
  bool operator==(const Warning&) const = default;
};

struct Result {
  std::vector<File> files;
  std::vector<Warning> warnings;

  void add(std::filesystem::path path, std::string text, unsigned mode = 0644) {
    files.push_back({.path = std::move(path), .text = std::move(text), .mode = mode});
  }
  /// What is said of several queues of one port, or of both ends of one link, is said once.
  void warn(std::string where, std::string text) {
    Warning w{std::move(where), std::move(text)};
    if (std::find(warnings.begin(), warnings.end(), w) == warnings.end()) warnings.push_back(std::move(w));
  }
};

/// A file name for a text the user chose: letters, digits, '-' and '_' stay; a text with anything else, or
/// with too many of them, gets its hash.
std::string file_name(std::string_view text);

/// The scenario is valid, but not for this export. The caller adds file, line and column of `where()`.
class ExportError : public ConfigError {
 public:
  ExportError(std::string where, const std::string& sentence)
      : ConfigError(sentence), where_(std::move(where)) {}
  const std::string& where() const { return where_; }

 private:
  std::string where_;
};

}  // namespace xedgesim::exporter
