// Gemm and MatMul, and what makes a row of an image before them.
#include <fmt/format.h>

#include "ml/onnx_importer.h"

namespace xedgesim::ml {

void OnnxImporter::dense(const OnnxNode& n) {
  const int in = activation_input(n);
  const OnnxConstant& w = constant(n, 1);
  if (w.dims.size() != 2) refuse_operator(n, "has weights that are no matrix");
  const OnnxAttribute* alpha = n.attribute("alpha");
  const OnnxAttribute* beta = n.attribute("beta");
  if ((alpha && alpha->number != 1.0f) || (beta && beta->number != 1.0f) || n.integer("transA", 0) != 0)
    refuse_operator(n, "has alpha, beta or transA, which are not supported");
  const bool by_output = n.op_type == "Gemm" && n.integer("transB", 0) != 0;
  const int64_t depth = w.dims[by_output ? 1 : 0], outputs = w.dims[by_output ? 0 : 1];
  if (depth != at(in).elements() || (at(in).is_image() && !flattened_.contains(in)))
    refuse_operator(n, fmt::format("takes {} values, but its input has {}", depth, at(in).elements()));
  OnnxConstant rows = w;
  if (!by_output) {
    if (w.scales.size() > 1) refuse_operator(n, "has a scale an output, for which transB must be 1");
    for (int64_t o = 0; o < outputs; ++o)
      for (int64_t i = 0; i < depth; ++i) {
        const auto to = static_cast<size_t>(o * depth + i), from = static_cast<size_t>(i * outputs + o);
        if (!w.values.empty()) rows.values[to] = w.values[from];
        if (!w.codes.empty()) rows.codes[to] = w.codes[from];
      }
  }
  Layer& l = new_layer(n, LayerKind::dense, {in}, {1, outputs});
  set_weights(n, l, rows, n.op_type == "Gemm" ? 2 : SIZE_MAX, outputs);
}

void OnnxImporter::flatten(const OnnxNode& n) {
  const int in = activation_input(n);
  if (n.op_type == "Flatten" && n.integer("axis", 1) != 1) refuse_operator(n, "has another axis than 1");
  if (n.op_type == "Reshape") {
    const std::vector<int64_t> shape = constant(n, 1).codes;
    const bool row = shape.size() == 2 && (shape[0] == 1 || shape[0] == -1 || shape[0] == 0) &&
                     (shape[1] == -1 || shape[1] == at(in).elements());
    if (!row) refuse_operator(n, "gives another shape than [1, n]");
  }
  if (at(in).is_image()) flattened_[in] = true;
  alias(n, in);
}

}  // namespace xedgesim::ml
