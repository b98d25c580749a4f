#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/diagnostic.h"

namespace xedgesim::scenario {

struct Value;

/// Where the keys of a loaded scenario stand, for what is found out after loading.
class Places {
 public:
  Places() = default;
  Places(std::shared_ptr<const Value> root, std::vector<std::string> sources)
      : root_(std::move(root)), sources_(std::move(sources)) {}

  /// A complaint about the key at such a path ("links[3].burst"), which the message then begins with; the
  /// place is that of the nearest key above where that one is not there, none where nothing is known.
  Diagnostic complaint(std::string_view path, const std::string& what) const;

  /// Places say nothing about what a scenario means.
  bool operator==(const Places&) const { return true; }

 private:
  std::shared_ptr<const Value> root_;
  std::vector<std::string> sources_;
};

}  // namespace xedgesim::scenario
