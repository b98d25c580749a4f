#pragma once
#include <string>
#include <vector>

#include "base/time.h"

namespace xedgesim::scenario {

/// How a container says that it is well.
struct Health {
  std::vector<std::string> command;  ///< run in the container; exit code 0 is well
  Duration interval = Duration::s(30);
  Duration timeout = Duration::s(30);
  Duration start_period;  ///< failures before that do not count
  int64_t retries = 3;
  bool operator==(const Health&) const = default;
};

}  // namespace xedgesim::scenario
