#include "system/fault_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"

namespace xedgesim::system {

using scenario::Fault;

std::vector<Duration> fault_times(const Fault& f, size_t index, const scenario::Scenario& s) {
  std::vector<Duration> times{f.time};
  if (f.repeat) {
    for (Duration t = f.time + f.repeat->every; t < s.meta.duration; t += f.repeat->every) {
      if (f.repeat->times && static_cast<int64_t>(times.size()) >= *f.repeat->times) break;
      times.push_back(t);
    }
  } else if (f.random) {
    RandomStream random(s.meta.seed, fmt::format("fault {}", index), "times");
    times.clear();
    for (Duration t = f.time; !f.random->times || static_cast<int64_t>(times.size()) < *f.random->times;) {
      t += Duration::seconds(random.exponential(f.random->mean_interval.count_s()));
      if (t >= s.meta.duration) break;
      times.push_back(t);
    }
  }
  return times;
}

std::vector<std::pair<SimTime, SimTime>> fault_windows(const Fault& f, size_t index, const scenario::Scenario& s) {
  std::vector<std::pair<SimTime, SimTime>> out;
  for (const Duration t : fault_times(f, index, s)) {
    const SimTime from = SimTime::at(t), to = f.duration ? from + *f.duration : SimTime::never();
    if (!out.empty() && from <= out.back().second)
      out.back().second = std::max(out.back().second, to);
    else
      out.emplace_back(from, to);
  }
  return out;
}

int64_t parts_per_billion(double ppm) { return std::llround(ppm * 1000); }

}  // namespace xedgesim::system
