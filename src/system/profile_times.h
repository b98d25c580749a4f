#pragma once
#include <map>
#include <set>
#include <vector>

#include "base/time.h"

namespace xedgesim::system {

/// When profiles are put in force on all links, in the order in which that was asked for.
class ProfileTimes {
 public:
  /// `end`: when network.profile is to be in force again; never() for good.
  void add(SimTime begin, SimTime end);
  /// The ends before which another profile was put in force: that one stays.
  std::set<SimTime> overtaken_ends() const;

 private:
  struct Span {
    SimTime begin, end;
    size_t order;
  };
  std::vector<Span> timed_;
  std::map<SimTime, size_t> last_;  // the last one that begins at that instant
  size_t count_ = 0;
};

}  // namespace xedgesim::system
