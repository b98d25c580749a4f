#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xedgesim::metrics {

/// Confusion matrix of a classifier in a run. Samples whose true class is unknown are left out; samples that
/// were lost before they had a result count as such.
class Accuracy {
 public:
  /// Class names in the order of the model's outputs; a class number beyond them is named "class_7".
  explicit Accuracy(std::vector<std::string> names = {});

  void classified(int32_t truth, int32_t predicted);
  void lost(int32_t truth);

  size_t classes() const { return names_.size(); }
  const std::string& name(size_t c) const { return names_[c]; }
  /// Row: truth, column: prediction.
  int64_t count(size_t truth, size_t predicted) const { return matrix_[truth][predicted]; }
  int64_t lost_count(size_t truth) const { return lost_[truth]; }

  int64_t correct() const;
  int64_t classified_total() const;
  int64_t lost_total() const;
  /// Right answers among classified samples (metric ml_accuracy); none without any.
  std::optional<double> over_classified() const;
  /// Right answers among all samples with a known class, lost ones counted as wrong
  /// (ml_accuracy_all_samples).
  std::optional<double> over_all() const;
  /// Of the samples said to be c, the part that is. None when none was said to be c.
  std::optional<double> precision(size_t c) const;
  /// Of the classified samples that are c, the part said to be c. None when there was none.
  std::optional<double> recall(size_t c) const;

 private:
  void grow(int32_t c);
  std::vector<std::string> names_;
  std::vector<std::vector<int64_t>> matrix_;
  std::vector<int64_t> lost_;
};

}  // namespace xedgesim::metrics
