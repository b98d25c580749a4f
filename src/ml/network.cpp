#include "ml/network.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace xedgesim::ml {

int8_t Quantization::quantize(float value) const {
  const float q = std::nearbyint(value / scale) + static_cast<float>(zero);
  return static_cast<int8_t>(std::clamp(q, -128.0f, 127.0f));
}

int64_t NetworkTensor::elements() const {
  int64_t n = 1;
  for (int64_t d : dims) n *= d;
  return n;
}

std::string_view to_string(LayerKind kind) {
  constexpr std::array<std::string_view, 10> kNames{
      "normalise",    "dense",          "convolution", "depthwise", "max_pool",
      "average_pool", "global_average", "add",         "relu",      "softmax"};
  return kNames[static_cast<size_t>(kind)];
}

bool Network::quantised() const {
  return std::all_of(layers.begin(), layers.end(), [&](const Layer& l) {
    if (l.kind == LayerKind::normalise) return true;
    const bool weights = !l.has_weights() || (!l.weights_q.empty() && !l.bias_q.empty());
    return weights && tensors[static_cast<size_t>(l.output)].quantization &&
           std::all_of(l.inputs.begin(), l.inputs.end(),
                       [&](int t) { return tensors[static_cast<size_t>(t)].quantization.has_value(); });
  });
}

uint64_t Network::macs_of(const Layer& l) const {
  const NetworkTensor& out = tensors[static_cast<size_t>(l.output)];
  const auto elements = static_cast<uint64_t>(out.elements());
  if (!l.has_weights()) return 0;
  // The weights of one output are used once for each of its places.
  return elements * (l.weights.size() / std::max<uint64_t>(1, static_cast<uint64_t>(l.outputs())));
}

uint64_t Network::macs() const {
  uint64_t sum = 0;
  for (const Layer& l : layers) sum += macs_of(l);
  return sum;
}

}  // namespace xedgesim::ml
