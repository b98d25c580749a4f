#include "net/link/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/error.h"

namespace xedgesim::net {
namespace {

bool probability(double p) { return p >= 0 && p <= 1; }
bool correlation(double c) { return c >= 0 && c < 1; }

/// Names of classes are unique, parents exist and come first, so that there is no circle.
std::string class_problem(const std::vector<ShaperClass>& classes) {
  std::set<std::string> seen;
  for (const ShaperClass& c : classes) {
    if (!seen.insert(c.name).second) return fmt::format("it has two classes named '{}'", c.name);
    if (!c.parent.empty() && (c.parent == c.name || !seen.contains(c.parent)))
      return fmt::format("class '{}' has the parent '{}', which is not listed before it", c.name, c.parent);
    if (c.rate_bps <= 0) return fmt::format("class '{}' needs a rate above zero", c.name);
    if (c.ceil_bps != 0 && c.ceil_bps < c.rate_bps)
      return fmt::format("the ceiling of class '{}' is below its rate", c.name);
    if (c.burst_bytes < 0 || c.quantum < 0 || c.queue_packets < 1)
      return fmt::format("class '{}' has a negative burst or quantum, or no room in its queue", c.name);
  }
  return {};
}

std::string problem(const LinkParameters& p) {
  if (p.rate_bps < 0 || p.peak_rate_bps < 0 || p.line_rate_bps < 0) return "its rate is negative";
  if (p.latency < Duration() || p.jitter < Duration() || p.queue_latency < Duration())
    return "its latency and jitter must not be negative";
  if (p.queue_bytes < 0 || p.queue_packets < 0 || p.overhead_bytes < 0)
    return "its queue limits must not be negative";
  if (!probability(p.loss)) return "its loss must lie between 0 and 1";
  if (p.bursts && (!probability(p.bursts->good_to_bad) || !probability(p.bursts->bad_to_good) ||
                   !probability(p.bursts->loss_good) || !probability(p.bursts->loss_bad)))
    return "the probabilities of its bursts must lie between 0 and 1";
  if (const auto& s = p.states;
      s && (!probability(s->p13 + s->p14) || !probability(s->p31 + s->p32) || !probability(s->p23) ||
            s->p13 < 0 || s->p14 < 0 || s->p31 < 0 || s->p32 < 0))
    return "the probabilities that leave a state of its loss model must not be negative and not exceed 1 in "
           "sum";
  if (!probability(p.corrupt) || !probability(p.duplicate) || !probability(p.reorder))
    return "its corrupt, duplicate and reorder must lie between 0 and 1";
  for (double c : {p.jitter_correlation, p.loss_correlation, p.corrupt_correlation, p.duplicate_correlation,
                   p.reorder_correlation})
    if (!correlation(c)) return "its correlations must lie between 0 and 1, below 1";
  if (p.reorder_gap < 0) return "its reorder_gap must not be negative";
  if (p.burst_bytes < 0 || p.mtu_bytes < 1)
    return "its burst must not be negative and its mtu at least one byte";
  if (p.burst_bytes > 0 && p.rate_bps == 0 && p.classes.empty()) return "a burst needs a rate";
  if (p.peak_rate_bps > 0 && p.burst_bytes == 0) return "a peak rate needs a burst";
  if (p.peak_rate_bps > 0 && p.peak_rate_bps < p.rate_bps) return "its peak rate is below its rate";
  if (p.queue_latency > Duration() && p.rate_bps == 0) return "a queue latency needs a rate";
  if (p.discipline == QueueDiscipline::red &&
      (p.red.min_bytes <= 0 || p.red.max_bytes <= p.red.min_bytes || !probability(p.red.probability) ||
       p.red.average_packet <= 0 || p.red.burst_packets < 0))
    return "random early detection needs 0 < min < max, a probability and an average packet";
  if (p.discipline == QueueDiscipline::codel &&
      (p.codel.target <= Duration() || p.codel.interval <= Duration() || p.codel.mtu < 0))
    return "codel needs a target and an interval above zero";
  return class_problem(p.classes);
}

template <class T>
void take(T& value, const std::optional<T>& given) {
  if (given) value = *given;
}

}  // namespace

double FourState::stationary_loss() const {
  // Balance: pi1 p13 = pi3 p31, pi3 p32 = pi2 p23, pi4 = pi1 p14; relative to pi3 = 1.
  if (p13 == 0) return p14 / (1 + p14);
  if (p31 == 0) return p32 == 0 ? 1 : p23 / (p23 + p32);
  const double pi1 = p31 / p13, pi2 = p32 == 0 ? 0 : p32 / p23, pi4 = pi1 * p14;
  return (1 + pi4) / (pi1 + pi2 + 1 + pi4);
}

double RedSettings::weight() const {
  const double packets = burst_packets > 0 ? static_cast<double>(burst_packets)
                                           : static_cast<double>(2 * min_bytes + max_bytes) /
                                                 (3.0 * static_cast<double>(average_packet));
  const double room = packets + 1 - static_cast<double>(min_bytes) / static_cast<double>(average_packet);
  double w = 0.5;
  for (int log = 1; log < 31 && room > (1 - std::pow(1 - w, packets)) / w; ++log) w /= 2;
  return w;
}

int64_t LinkParameters::queue_limit_bytes() const {
  if (queue_latency == Duration() || rate_bps == 0) return queue_bytes;
  const auto held = [this](int64_t rate, int64_t bucket) {
    return static_cast<int64_t>(static_cast<double>(rate) * queue_latency.count_s() / 8) + bucket;
  };
  int64_t limit = held(rate_bps, burst_bytes);
  if (peak_rate_bps > 0) limit = std::min(limit, held(peak_rate_bps, mtu_bytes));
  return queue_bytes > 0 ? std::min(queue_bytes, limit) : std::max<int64_t>(limit, 1);
}

void check(const std::string& link, const LinkParameters& p) {
  if (const std::string what = problem(p); !what.empty())
    throw ConfigError(fmt::format("The link '{}' cannot be set up: {}.", link, what));
}

LinkParameters patched(LinkParameters p, const LinkPatch& patch) {
  take(p.rate_bps, patch.rate_bps);
  take(p.latency, patch.latency);
  take(p.jitter, patch.jitter);
  take(p.distribution, patch.distribution);
  if (patch.jitter && !patch.distribution && p.distribution == Jitter::none) p.distribution = Jitter::uniform;
  take(p.jitter_correlation, patch.jitter_correlation);
  if (patch.loss) {
    p.loss = *patch.loss;
    p.bursts.reset();
    p.states.reset();
  }
  take(p.loss_correlation, patch.loss_correlation);
  if (patch.bursts) {
    p.bursts = patch.bursts;
    p.states.reset();
  }
  if (patch.states) {
    p.states = patch.states;
    p.bursts.reset();
  }
  take(p.corrupt, patch.corrupt);
  take(p.corrupt_correlation, patch.corrupt_correlation);
  take(p.duplicate, patch.duplicate);
  take(p.duplicate_correlation, patch.duplicate_correlation);
  take(p.reorder, patch.reorder);
  take(p.reorder_correlation, patch.reorder_correlation);
  take(p.reorder_gap, patch.reorder_gap);
  take(p.queue_bytes, patch.queue_bytes);
  take(p.queue_packets, patch.queue_packets);
  take(p.queue_latency, patch.queue_latency);
  take(p.discipline, patch.discipline);
  take(p.red, patch.red);
  take(p.codel, patch.codel);
  take(p.burst_bytes, patch.burst_bytes);
  take(p.peak_rate_bps, patch.peak_rate_bps);
  take(p.mtu_bytes, patch.mtu_bytes);
  take(p.line_rate_bps, patch.line_rate_bps);
  take(p.overhead_bytes, patch.overhead_bytes);
  take(p.keep_order, patch.keep_order);
  take(p.classes, patch.classes);
  take(p.up, patch.up);
  return p;
}

}  // namespace xedgesim::net
