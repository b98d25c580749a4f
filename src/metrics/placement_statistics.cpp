#include "metrics/placement_statistics.h"

#include <algorithm>

namespace xedgesim::metrics {

std::optional<double> RocArea::area() const {
  if (positives_.empty() || negatives_.empty()) return std::nullopt;
  std::vector<float> negatives = negatives_;
  std::sort(negatives.begin(), negatives.end());
  // Twice the number of pairs won, so that draws stay whole numbers.
  int64_t won = 0;
  for (float p : positives_) {
    const auto below = std::lower_bound(negatives.begin(), negatives.end(), p) - negatives.begin();
    const auto not_above = std::upper_bound(negatives.begin(), negatives.end(), p) - negatives.begin();
    won += below + not_above;
  }
  return static_cast<double>(won) / 2.0 / static_cast<double>(positives_.size()) / static_cast<double>(negatives.size());
}

void PlacementStatistics::sample(const Span& s) {
  ++samples;
  if (s.in_flight()) {
    ++in_flight;
    return;
  }
  if (s.lost()) {
    ++lost;
    ++lost_causes[s.cause];
    if (s.truth >= 0) accuracy_.lost(s.truth);
    return;
  }
  ++results;
  if (s.ran_at != RanAt::unknown) ++ran_at[std::string(name(s.ran_at))];
  if (const auto e2e = s.e2e()) e2e_.add(*e2e);
  if (s.truth < 0 || s.predicted < 0) return;
  accuracy_.classified(s.truth, s.predicted);
  for (size_t c = 0; c < std::min(areas_.size(), s.probabilities.size()); ++c)
    areas_[c].add(s.probabilities[c], s.truth == static_cast<int32_t>(c));
}

void PlacementStatistics::written(const Span& s) {
  if (s.lost()) return;
  for (size_t i = 0; i < kHops.size(); ++i)
    if (const auto hop = s.hop(kHops[i])) hops_[i].add(*hop);
}

std::optional<double> PlacementStatistics::mean_auc() const {
  double sum = 0;
  int n = 0;
  for (const RocArea& a : areas_) {
    if (const auto area = a.area()) {
      sum += *area;
      ++n;
    }
  }
  return n == 0 ? std::nullopt : std::optional(sum / n);
}

std::optional<double> PlacementStatistics::f1(size_t c) const {
  const auto p = accuracy_.precision(c), r = accuracy_.recall(c);
  if (!p || !r) return std::nullopt;
  return *p + *r == 0 ? 0.0 : 2 * *p * *r / (*p + *r);
}

}  // namespace xedgesim::metrics
