#include "metrics/scope.h"

#include <fnmatch.h>

namespace xedgesim::metrics {

bool glob_matches(std::string_view pattern, std::string_view name) {
  return ::fnmatch(std::string(pattern).c_str(), std::string(name).c_str(), 0) == 0;
}

}  // namespace xedgesim::metrics
