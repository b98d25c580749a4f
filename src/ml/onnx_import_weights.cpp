// Constants, scales and the weights made of them.
#include <algorithm>
#include <cmath>

#include "ml/onnx_importer.h"

namespace xedgesim::ml {

void OnnxImporter::quantize(const OnnxNode& n) {
  const OnnxConstant& scale = constant(n, 1);
  if (scale.values.size() != 1)
    refuse_operator(n, "has a scale a channel, which is supported for weights only");
  int64_t zero = 0;
  bool is_unsigned = !has_input(n, 2);
  if (has_input(n, 2)) {
    const OnnxConstant& z = constant(n, 2);
    if (z.codes.size() != 1) refuse_operator(n, "has a zero point that is no int8 or uint8 number");
    zero = z.codes[0];
    const OnnxTensor* t = graph_.initializer(n.inputs[2]);
    is_unsigned = t && t->data_type == 2;
  }
  if (!(scale.values[0] > 0) || !std::isfinite(scale.values[0]))
    refuse_operator(n, "has a scale that is not positive");
  if (is_unsigned) zero -= 128;  // the same values as int8
  if (zero < -128 || zero > 127) refuse_operator(n, "has a zero point outside of int8");
  const int t = activation_input(n);
  const Quantization q{scale.values[0], static_cast<int32_t>(zero)};
  if (at(t).quantization && *at(t).quantization != q) refuse_operator(n, "gives a tensor a second scale");
  at(t).quantization = q;
  alias(n, t);
}

void OnnxImporter::dequantize(const OnnxNode& n) {
  if (const int t = tensor(input(n, 0)); t >= 0) {
    alias(n, t);
    return;
  }
  OnnxConstant c = constant(n, 0);
  c.scales = constant(n, 1).values;
  c.axis = n.integer("axis", 1);
  if (has_input(n, 2)) {
    const auto& zeros = constant(n, 2).codes;
    if (std::any_of(zeros.begin(), zeros.end(), [](int64_t z) { return z != 0; }))
      refuse_operator(n, "has weights with a zero point other than 0: quantise them symmetrically to int8");
  }
  if (c.scales.empty() || c.codes.empty()) refuse_operator(n, "has no int8 or int32 constant to work on");
  if (c.scales.size() > 1 &&
      (c.axis != 0 || c.dims.empty() || static_cast<int64_t>(c.scales.size()) != c.dims[0]))
    refuse_operator(n, "has scales along another dimension than the outputs");
  const size_t per_scale = c.codes.size() / c.scales.size();
  c.values.clear();
  for (size_t i = 0; i < c.codes.size(); ++i)
    c.values.push_back(static_cast<float>(c.codes[i]) * c.scales[c.scales.size() == 1 ? 0 : i / per_scale]);
  constants_[n.outputs[0]] = std::move(c);
}

/// Weights and bias of a layer; int8 forms when the file has them.
void OnnxImporter::set_weights(const OnnxNode& n, Layer& l, const OnnxConstant& w, size_t bias,
                               int64_t outputs) {
  l.weights = w.values;
  if (l.weights.empty()) refuse_operator(n, "has weights that are no floats");
  if (std::any_of(l.weights.begin(), l.weights.end(), [](float v) { return !std::isfinite(v); }))
    refuse_operator(n, "has a weight that is not a finite number");
  if (!w.codes.empty()) {
    for (int64_t c : w.codes) {
      if (c < -128 || c > 127) refuse_operator(n, "has quantised weights that are not int8");
      l.weights_q.push_back(static_cast<int8_t>(c));
    }
    l.weight_scales = w.scales;
  }
  l.bias.assign(static_cast<size_t>(outputs), 0.0f);
  if (has_input(n, bias)) {
    const OnnxConstant& b = constant(n, bias);
    if (static_cast<int64_t>(b.values.size()) != outputs) refuse_operator(n, "has a bias of the wrong size");
    l.bias = b.values;
    if (std::any_of(l.bias.begin(), l.bias.end(), [](float v) { return !std::isfinite(v); }))
      refuse_operator(n, "has a bias that is not a finite number");
  }
  if (l.weights_q.empty()) return;
  const auto& q = at(l.inputs[0]).quantization;
  if (!q) refuse_operator(n, "has int8 weights, but its input is not quantised");
  for (size_t o = 0; o < l.bias.size(); ++o) {
    const double unit = static_cast<double>(q->scale) * l.weight_scales[l.weight_scales.size() == 1 ? 0 : o];
    const double code = std::nearbyint(l.bias[o] / unit);
    if (!(std::abs(code) < 1 << 30)) refuse_operator(n, "has a bias too large for int32");
    l.bias_q.push_back(static_cast<int32_t>(code));
  }
}

/// Quantised files leave the scales of values out that follow from others.
void OnnxImporter::inherit_scales() {
  for (const Layer& l : net_.layers) {
    auto& q = at(l.output).quantization;
    const auto& before = at(l.inputs[0]).quantization;
    if (q || !before) continue;
    if (l.kind == LayerKind::max_pool || l.kind == LayerKind::average_pool) q = before;
    if (l.kind == LayerKind::softmax) q = Quantization{1.0f / 256.0f, -128};
  }
}

}  // namespace xedgesim::ml
