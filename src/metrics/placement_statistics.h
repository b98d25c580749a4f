#pragma once
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metrics/accuracy.h"
#include "metrics/latency_set.h"
#include "metrics/span_recorder.h"

namespace xedgesim::metrics {

/// Area under the ROC curve of scores: the probability that a positive sample scores higher than a negative one, equal
/// scores counting half (Mann and Whitney). Exact, all scores are kept, four bytes each.
class RocArea {
 public:
  void add(float score, bool positive) { (positive ? positives_ : negatives_).push_back(score); }
  /// None unless there are both.
  std::optional<double> area() const;

 private:
  std::vector<float> positives_, negatives_;
};

/// Figures of the samples of all devices with one placement of their model.
class PlacementStatistics {
 public:
  explicit PlacementStatistics(std::vector<std::string> classes)
      : accuracy_(std::move(classes)), areas_(accuracy_.classes()) {}

  void sample(const Span& s);   ///< outcome
  void written(const Span& s);  ///< all its stages are known

  int64_t samples = 0, results = 0, lost = 0, in_flight = 0;
  std::map<std::string, int64_t> ran_at;  ///< results by where the inference ran
  std::map<std::string, int64_t> lost_causes;

  const Accuracy& accuracy() const { return accuracy_; }
  const LatencySet& e2e() const { return e2e_; }
  const LatencySet& hop(size_t i) const { return hops_[i]; }
  /// Of class c against all others; none without both.
  std::optional<double> auc(size_t c) const { return c < areas_.size() ? areas_[c].area() : std::nullopt; }
  /// Mean over the classes that have one.
  std::optional<double> mean_auc() const;
  /// Harmonic mean of precision and recall; none without a right answer's possibility.
  std::optional<double> f1(size_t c) const;

 private:
  Accuracy accuracy_;
  std::vector<RocArea> areas_;
  LatencySet e2e_;
  std::array<LatencySet, kHops.size()> hops_;
};

}  // namespace xedgesim::metrics
