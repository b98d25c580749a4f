#include "net/radio/air_log.h"

#include "base/error.h"

namespace xedgesim::net {

Transmission& AirLog::add(Transmission t) {
  XEDGESIM_ASSERT(entries_.empty() || entries_.back().start <= t.start);
  t.sequence = next();
  return entries_.emplace_back(std::move(t));
}

void AirLog::forget_before(SimTime t) {
  while (!entries_.empty() && entries_.front().end < t) {
    entries_.pop_front();
    ++first_;
  }
}

uint64_t AirLog::first_from(SimTime t) const {
  uint64_t s = next();
  while (s > first_ && at(s - 1).start >= t) --s;
  return s;
}

}  // namespace xedgesim::net
