#pragma once
#include <string>

#include "base/time.h"

namespace xedgesim::scenario {

/// Text that arrives at a console's receiver from an instant on, byte by byte at the line's rate.
struct TypedText {
  Duration at;
  std::string text;
  bool operator==(const TypedText&) const = default;
};

}  // namespace xedgesim::scenario
