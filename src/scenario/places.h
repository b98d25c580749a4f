#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace xedgesim::scenario {

struct Value;

/// Where the keys of a loaded scenario stand, for what is found out after loading.
class Places {
 public:
  Places() = default;
  Places(std::shared_ptr<const Value> root, std::vector<std::string> sources)
      : root_(std::move(root)), sources_(std::move(sources)) {}

  /// "scenario.yaml:14:5: links[3].burst: " for such a path; of the nearest key above it where that is not
  /// there; only the path where nothing is known. The beginning of a message.
  std::string prefix(std::string_view path) const;

  /// Places say nothing about what a scenario means.
  bool operator==(const Places&) const { return true; }

 private:
  std::shared_ptr<const Value> root_;
  std::vector<std::string> sources_;
};

}  // namespace xedgesim::scenario
