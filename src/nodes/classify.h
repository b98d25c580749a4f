#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"

namespace xedgesim::nodes {

/// A model as a service runs it: what it answers, and how long that takes on the declared target.
struct ServiceModel {
  std::function<std::vector<float>(std::span<const float>, SimTime)> infer;  ///< values -> logits, at a time
  std::function<Duration()> time;                                            ///< of the next inference
  std::function<Duration()> waited = {};  ///< by the last one, beyond that; no function: never
};

/// What a model made of one sample.
struct Classification {
  int64_t tag = 0;
  int predicted = -1;
  std::vector<float> probabilities;  ///< softmax of the scores
  SimTime arrived, begun, ended;
  double confidence() const;
};

/// Index of the greatest score (the first of equals) and the softmax of all. `scores` must not be empty.
Classification classify(std::span<const float> scores);

/// What a service stores of a result.
std::string result_text(const std::string& device, uint16_t sequence, const std::vector<std::string>& classes,
                        int predicted, double confidence, uint16_t battery_mv);

}  // namespace xedgesim::nodes
