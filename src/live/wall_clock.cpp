#include "live/wall_clock.h"

#include <chrono>

namespace xedgesim::live {
namespace {

int64_t monotonic_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

WallClock::WallClock() : begun_ns_(monotonic_ns()) {}
SimTime WallClock::now() const { return SimTime::from_ns(monotonic_ns() - begun_ns_); }

}  // namespace xedgesim::live
