#include "base/time.h"

#include <fmt/format.h>

namespace xedgesim {

std::string to_string(SimTime t) {
  if (t.is_never()) return "never";
  const int64_t ns = t.count_ns();
  const uint64_t magnitude = ns < 0 ? 0 - static_cast<uint64_t>(ns) : static_cast<uint64_t>(ns);
  return fmt::format("{}{}.{:09d} s", ns < 0 ? "-" : "", magnitude / 1'000'000'000,
                     magnitude % 1'000'000'000);
}

}  // namespace xedgesim
