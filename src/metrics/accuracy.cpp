#include "metrics/accuracy.h"

#include <fmt/format.h>

#include <numeric>

#include "base/error.h"

namespace xedgesim::metrics {
namespace {

constexpr int32_t kMaxClasses = 4096;

std::optional<double> part(int64_t some, int64_t all) {
  if (all == 0) return std::nullopt;
  return static_cast<double>(some) / static_cast<double>(all);
}

}  // namespace

Accuracy::Accuracy(std::vector<std::string> names)
    : names_(std::move(names)),
      matrix_(names_.size(), std::vector<int64_t>(names_.size())),
      lost_(names_.size()) {}

void Accuracy::grow(int32_t c) {
  if (c < 0 || c >= kMaxClasses) {
    throw SimulationError(
        fmt::format("class number {} is outside 0 to {}; check the model's output and the labels of "
                    "its data set",
                    c, kMaxClasses - 1));
  }
  while (names_.size() <= static_cast<size_t>(c)) {
    names_.push_back(fmt::format("class_{}", names_.size()));
    for (auto& row : matrix_) row.push_back(0);
    matrix_.emplace_back(names_.size());
    lost_.push_back(0);
  }
}

void Accuracy::classified(int32_t truth, int32_t predicted) {
  grow(truth);
  grow(predicted);
  ++matrix_[static_cast<size_t>(truth)][static_cast<size_t>(predicted)];
}

void Accuracy::lost(int32_t truth) {
  grow(truth);
  ++lost_[static_cast<size_t>(truth)];
}

int64_t Accuracy::correct() const {
  int64_t sum = 0;
  for (size_t c = 0; c < classes(); ++c) sum += matrix_[c][c];
  return sum;
}

int64_t Accuracy::classified_total() const {
  int64_t sum = 0;
  for (const auto& row : matrix_) sum = std::accumulate(row.begin(), row.end(), sum);
  return sum;
}

int64_t Accuracy::lost_total() const { return std::accumulate(lost_.begin(), lost_.end(), int64_t{0}); }

std::optional<double> Accuracy::over_classified() const { return part(correct(), classified_total()); }
std::optional<double> Accuracy::over_all() const {
  return part(correct(), classified_total() + lost_total());
}

std::optional<double> Accuracy::precision(size_t c) const {
  int64_t said = 0;
  for (const auto& row : matrix_) said += row[c];
  return part(matrix_[c][c], said);
}

std::optional<double> Accuracy::recall(size_t c) const {
  return part(matrix_[c][c], std::accumulate(matrix_[c].begin(), matrix_[c].end(), int64_t{0}));
}

}  // namespace xedgesim::metrics
