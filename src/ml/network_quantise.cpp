#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ml/network.h"

namespace xedgesim::ml {
namespace {

constexpr double kPercentile = 0.9999;

/// Value at the place `part` of the sorted values, interpolated as numpy does.
float percentile(std::vector<float>& values, double part) {
  const double place = part * static_cast<double>(values.size() - 1);
  const auto low = static_cast<size_t>(place);
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(low), values.end());
  const float a = values[low];
  if (low + 1 >= values.size()) return a;
  const float b = *std::min_element(values.begin() + static_cast<ptrdiff_t>(low) + 1, values.end());
  return a + static_cast<float>(place - static_cast<double>(low)) * (b - a);
}

Quantization range(float low, float high) {
  low = std::min(low, 0.0f);
  high = std::max(high, 0.0f);
  Quantization q;
  q.scale = std::max((high - low) / 255.0f, 1e-9f);
  q.zero = static_cast<int32_t>(std::clamp(std::nearbyint(-128.0f - low / q.scale), -128.0f, 127.0f));
  return q;
}

/// Layers whose values stay on the scale of their input.
bool keeps_scale(LayerKind k) { return k == LayerKind::max_pool || k == LayerKind::average_pool; }

void quantise_weights(Layer& l, float input_scale) {
  const size_t outputs = l.bias.size(), per_output = l.weights.size() / outputs;
  const size_t groups = l.kind == LayerKind::dense ? 1 : outputs;
  const size_t in_group = l.weights.size() / groups;
  l.weight_scales.clear();
  for (size_t g = 0; g < groups; ++g) {
    float most = 0;
    for (size_t i = 0; i < in_group; ++i) most = std::max(most, std::abs(l.weights[g * in_group + i]));
    l.weight_scales.push_back(std::max(most / 127.0f, 1e-12f));
  }
  l.weights_q.resize(l.weights.size());
  for (size_t i = 0; i < l.weights.size(); ++i)
    l.weights_q[i] = static_cast<int8_t>(std::clamp(
        std::nearbyint(l.weights[i] / l.weight_scales[groups == 1 ? 0 : i / per_output]), -127.0f, 127.0f));
  l.bias_q.clear();
  for (size_t o = 0; o < outputs; ++o) {
    const double code =
        std::nearbyint(l.bias[o] / (double{input_scale} * l.weight_scales[groups == 1 ? 0 : o]));
    l.bias_q.push_back(static_cast<int32_t>(std::clamp(code, -1.07e9, 1.07e9)));
  }
}

}  // namespace

Network quantise(const Network& network, const std::vector<std::vector<float>>& inputs) {
  if (inputs.empty()) throw ConfigError("there is no calibration data: give at least one row of inputs");
  std::vector<std::vector<float>> seen(network.tensors.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (static_cast<int64_t>(inputs[i].size()) != network.in().elements())
      throw ConfigError(fmt::format("row {} of the calibration data has {} values, but the model takes {}",
                                    i + 1, inputs[i].size(), network.in().elements()));
    if (std::any_of(inputs[i].begin(), inputs[i].end(), [](float v) { return !std::isfinite(v); }))
      throw ConfigError(
          fmt::format("row {} of the calibration data holds a value that is not a finite number", i + 1));
    const auto values = evaluate(network, inputs[i]);
    for (size_t t = 0; t < seen.size(); ++t)
      seen[t].insert(seen[t].end(), values[t].begin(), values[t].end());
  }
  Network out = network;
  const bool normalised = out.layers.front().kind == LayerKind::normalise;
  for (size_t t = 0; t < seen.size(); ++t) {
    // What goes into a normalisation stays in floats.
    if (seen[t].empty() || (normalised && static_cast<int>(t) == out.input)) continue;
    const float low = percentile(seen[t], 1 - kPercentile), high = percentile(seen[t], kPercentile);
    out.tensors[t].quantization = range(low, high);
  }
  for (Layer& l : out.layers) {
    if (l.kind == LayerKind::normalise) continue;
    const auto in = static_cast<size_t>(l.inputs[0]);
    auto& result = out.tensors[static_cast<size_t>(l.output)].quantization;
    if (keeps_scale(l.kind)) result = out.tensors[in].quantization;
    if (l.kind == LayerKind::softmax) result = Quantization{1.0f / 256.0f, -128};
    if (l.has_weights()) quantise_weights(l, out.tensors[in].quantization->scale);
  }
  return out;
}

}  // namespace xedgesim::ml
