#include "nodes/classify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xedgesim::nodes {

double Classification::confidence() const {
  return predicted < 0 ? -1.0 : static_cast<double>(probabilities[static_cast<size_t>(predicted)]);
}

Classification classify(std::span<const float> scores) {
  Classification c;
  const auto best = std::max_element(scores.begin(), scores.end());
  c.predicted = static_cast<int>(best - scores.begin());
  double sum = 0;
  std::vector<double> e;
  for (float v : scores) sum += e.emplace_back(std::exp(static_cast<double>(v) - static_cast<double>(*best)));
  for (double v : e) c.probabilities.push_back(static_cast<float>(v / sum));
  return c;
}

std::string result_text(const std::string& device, uint16_t sequence, const std::vector<std::string>& classes,
                        int predicted, double confidence, uint16_t battery_mv) {
  const auto p = static_cast<size_t>(predicted);
  return fmt::format(R"({{"device_id":"{}","sequence":{},"class":"{}","confidence":{:.3f},"battery_mv":{}}})", device,
                     sequence, p < classes.size() ? classes[p] : fmt::format("class_{}", predicted), confidence,
                     battery_mv);
}

}  // namespace xedgesim::nodes
