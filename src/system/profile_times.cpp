#include "system/profile_times.h"

#include <iterator>

namespace xedgesim::system {

void ProfileTimes::add(SimTime begin, SimTime end) {
  last_[begin] = count_;
  if (!end.is_never()) timed_.push_back({begin, end, count_});
  ++count_;
}

std::set<SimTime> ProfileTimes::overtaken_ends() const {
  std::set<SimTime> ends;
  for (const Span& s : timed_) {
    const auto own = last_.find(s.begin);
    const auto next = std::next(own);
    const bool overtaken = own->second != s.order || (next != last_.end() && next->first < s.end);
    // What begins at that very instant takes its place anyway.
    if (overtaken && !last_.contains(s.end)) ends.insert(s.end);
  }
  return ends;
}

}  // namespace xedgesim::system
