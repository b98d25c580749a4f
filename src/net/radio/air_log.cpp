#include "net/radio/air_log.h"

#include "base/error.h"

namespace xedgesim::net {

Transmission& AirLog::add(Transmission t) {
  XEDGESIM_ASSERT(size_ == 0 || at(next() - 1).start <= t.start);
  if (size_ == ring_.size()) {
    std::vector<Transmission> larger(2 * ring_.size());
    for (uint64_t s = first_; s < next(); ++s) larger[s & (larger.size() - 1)] = std::move(at(s));
    ring_ = std::move(larger);
  }
  t.sequence = next();
  ++size_;
  return at(t.sequence) = std::move(t);
}

void AirLog::forget_before(SimTime t) {
  while (size_ > 0 && at(first_).end < t) {
    at(first_).psdu.reset();
    ++first_;
    --size_;
  }
}

uint64_t AirLog::first_from(SimTime t) const {
  uint64_t s = next();
  while (s > first_ && at(s - 1).start >= t) --s;
  return s;
}

}  // namespace xedgesim::net
