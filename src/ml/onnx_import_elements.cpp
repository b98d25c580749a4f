// Operators on elements one by one: activations, sums, normalisations, softmax.
#include <algorithm>
#include <cmath>

#include "ml/onnx_importer.h"

namespace xedgesim::ml {

void OnnxImporter::relu(const OnnxNode& n) {
  Activation kind = Activation::relu;
  if (n.op_type == "Clip") {
    const auto bound = [&](size_t i, const char* name) -> float {
      if (has_input(n, i)) return constant(n, i).values.empty() ? NAN : constant(n, i).values[0];
      const OnnxAttribute* a = n.attribute(name);
      return a ? a->number : NAN;
    };
    if (bound(1, "min") != 0.0f || bound(2, "max") != 6.0f)
      refuse_operator(n, "has other bounds than 0 and 6");
    kind = Activation::relu6;
  }
  const int in = activation_input(n);
  if (Layer* l = fusable(in, n.inputs[0]);
      l && l->kind != LayerKind::normalise && l->kind != LayerKind::softmax) {
    l->activation = kind;
    alias(n, in);
    return;
  }
  new_layer(n, LayerKind::relu, {in}, at(in).dims).activation = kind;
}

void OnnxImporter::add(const OnnxNode& n) {
  const int a = tensor(input(n, 0)), b = tensor(input(n, 1));
  if (a >= 0 && b >= 0) {
    if (at(a).dims != at(b).dims) refuse_operator(n, "has inputs of different shapes");
    new_layer(n, LayerKind::add, {a, b}, at(a).dims);
    return;
  }
  const int in = a >= 0 ? a : b;
  if (in < 0) refuse_operator(n, "adds constants");
  const OnnxConstant& c = constant(n, a >= 0 ? 1 : 0);
  Layer* l = fusable(in, n.inputs[a >= 0 ? 0 : 1]);
  // A MatMul's bias.
  if (l && l->kind == LayerKind::dense && l->bias.size() == c.values.size()) {
    for (size_t i = 0; i < c.values.size(); ++i) l->bias[i] += c.values[i];
    if (!l->weights_q.empty()) refuse_operator(n, "adds a bias to a quantised MatMul: use Gemm");
    alias(n, in);
    return;
  }
  arithmetic(n);
}

/// Normalisation of the input: constants subtracted from, added to, or multiplied with its elements.
void OnnxImporter::arithmetic(const OnnxNode& n) {
  const int in = activation_input(n);
  const std::vector<float> values = constant(n, 1).values;
  const auto size = static_cast<size_t>(at(in).elements());
  if (values.size() != 1 && values.size() != size)
    refuse_operator(n, "has a constant of another shape than its input");
  const bool first = in == net_.input;
  Layer* before = net_.layers.empty() ? nullptr : &net_.layers.back();
  const bool continues =
      before && before->kind == LayerKind::normalise && before->output == in && !at(in).quantization;
  if (!first && !continues) refuse_operator(n, "with a constant is supported at the model's input only");
  const bool scales = n.op_type == "Mul" || n.op_type == "Div";
  if (continues && !scales) {
    // (x - s) * m - c = (x - (s + c / m)) * m
    refuse_operator(n, "follows a multiplication: subtract first, then multiply");
  }
  if (!continues) {
    Layer& l = new_layer(n, LayerKind::normalise, {in}, at(in).dims);
    l.subtract.assign(size, 0.0f);
    l.multiply.assign(size, 1.0f);
  } else {
    alias(n, in);
  }
  Layer& l = net_.layers.back();
  for (size_t i = 0; i < size; ++i) {
    const float v = values[values.size() == 1 ? 0 : i];
    if (!std::isfinite(v) || (n.op_type == "Div" && v == 0))
      refuse_operator(n, "has a constant that cannot be used");
    if (n.op_type == "Sub") l.subtract[i] = v;
    if (n.op_type == "Add") l.subtract[i] = -v;
    if (n.op_type == "Mul") l.multiply[i] *= v;
    if (n.op_type == "Div") l.multiply[i] /= v;
  }
}

void OnnxImporter::batch_normalization(const OnnxNode& n) {
  const int in = activation_input(n);
  Layer* l = fusable(in, n.inputs[0]);
  if (!l || !l->has_weights() || !l->weights_q.empty())
    refuse_operator(n, "does not follow a Conv or Gemm in floats, into which it could be folded");
  const auto g = constant(n, 1).values, b = constant(n, 2).values, m = constant(n, 3).values,
             v = constant(n, 4).values;
  const size_t outputs = l->bias.size();
  if (g.size() != outputs || b.size() != outputs || m.size() != outputs || v.size() != outputs)
    refuse_operator(n, "has constants of the wrong size");
  const OnnxAttribute* epsilon = n.attribute("epsilon");
  const size_t per_output = l->weights.size() / outputs;
  for (size_t o = 0; o < outputs; ++o) {
    const float factor = g[o] / std::sqrt(v[o] + (epsilon ? epsilon->number : 1e-5f));
    if (!std::isfinite(factor)) refuse_operator(n, "has a variance that is not positive");
    for (size_t i = 0; i < per_output; ++i) l->weights[o * per_output + i] *= factor;
    l->bias[o] = (l->bias[o] - m[o]) * factor + b[o];
  }
  alias(n, in);
}

void OnnxImporter::softmax(const OnnxNode& n) {
  const int in = activation_input(n);
  const int64_t axis = n.integer("axis", -1);
  if (at(in).is_image() || (axis != -1 && axis != 1))
    refuse_operator(n, "does not run over the classes of a [1, n] tensor");
  new_layer(n, LayerKind::softmax, {in}, at(in).dims);
}

}  // namespace xedgesim::ml
