#include "ml/network.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "ml/onnx_importer.h"

namespace xedgesim::ml {
namespace {

constexpr int64_t kMostElements = int64_t{1} << 24;

std::string dims_text(const std::vector<int64_t>& dims) {
  std::string text;
  for (const int64_t d : dims) text += (text.empty() ? "" : ", ") + (d < 0 ? "?" : std::to_string(d));
  return text;
}

/// [1, n], [1, c, h, w]; a free batch is 1, a signal [1, c, l] gets the height 1.
std::vector<int64_t> shape_of(const OnnxValue& v) {
  std::vector<int64_t> dims = v.dims;
  if (!dims.empty() && dims[0] < 0) dims[0] = 1;
  if (dims.size() == 3) dims = {dims[0], dims[1], 1, dims[2]};
  if ((dims.size() != 2 && dims.size() != 4) || dims[0] != 1 ||
      std::any_of(dims.begin(), dims.end(), [](int64_t d) { return d < 1; }))
    throw ConfigError(
        fmt::format("its input '{}' must have the shape [1, n], [1, c, l] or [1, c, h, w], all sizes but the "
                    "first fixed; it has [{}]",
                    v.name, dims_text(v.dims)));
  return dims;
}

}  // namespace

void refuse_operator(const OnnxNode& n, const std::string& what) {
  throw ConfigError(
      fmt::format("operator {}{} {}", n.op_type, n.name.empty() ? "" : " '" + n.name + "'", what));
}

const std::string& OnnxImporter::input(const OnnxNode& n, size_t i) const {
  if (i >= n.inputs.size() || n.inputs[i].empty()) refuse_operator(n, "lacks an input");
  return n.inputs[i];
}

int OnnxImporter::tensor(const std::string& value) const {
  const auto i = tensor_of_.find(value);
  return i == tensor_of_.end() ? -1 : i->second;
}

int OnnxImporter::activation_input(const OnnxNode& n, size_t i) const {
  const int t = tensor(input(n, i));
  if (t < 0) refuse_operator(n, "works on a constant, or on what nothing has computed");
  return t;
}

const OnnxConstant& OnnxImporter::constant(const OnnxNode& n, size_t i) const {
  const auto c = constants_.find(input(n, i));
  if (c == constants_.end())
    refuse_operator(n, fmt::format("has an input '{}' that is no constant", n.inputs[i]));
  return c->second;
}

void OnnxImporter::add_constant(const OnnxTensor& t) {
  OnnxConstant c{.dims = t.dims, .values = {}, .codes = {}, .scales = {}};
  if (t.data_type == 1)
    c.values = t.floats();
  else if (t.data_type == 2 || t.data_type == 3 || t.data_type == 6 || t.data_type == 7)
    c.codes = t.integers();
  else
    return;  // of a type that nothing supported reads
  constants_[t.name] = std::move(c);
}

int OnnxImporter::new_tensor(const std::string& name, std::vector<int64_t> dims) {
  NetworkTensor t{.name = name, .dims = std::move(dims), .quantization = {}};
  int64_t n = 1;
  for (int64_t d : t.dims)
    if (d <= 0 || d > kMostElements / n)
      throw ConfigError(fmt::format("the tensor '{}' is empty or too large", name));
    else
      n *= d;
  net_.tensors.push_back(std::move(t));
  tensor_of_[name] = static_cast<int>(net_.tensors.size() - 1);
  return tensor_of_[name];
}

Layer& OnnxImporter::new_layer(const OnnxNode& n, LayerKind kind, std::vector<int> inputs,
                               std::vector<int64_t> out_dims) {
  if (n.outputs.empty()) refuse_operator(n, "has no output");
  for (int t : inputs)
    if (flattened_.contains(t) && kind != LayerKind::dense)
      refuse_operator(n, "follows a Flatten or Reshape, behind which only Gemm or MatMul can be");
  Layer l;
  l.kind = kind;
  l.name = n.name.empty() ? n.outputs[0] : n.name;
  l.inputs = std::move(inputs);
  l.output = new_tensor(n.outputs[0], std::move(out_dims));
  net_.layers.push_back(std::move(l));
  return net_.layers.back();
}

Layer* OnnxImporter::fusable(int t, const std::string& value) {
  if (uses_[value] != 1 || shared_.contains(t) || at(t).quantization) return nullptr;
  for (Layer& l : net_.layers)
    if (l.output == t && l.activation == Activation::none) return &l;
  return nullptr;
}

void OnnxImporter::alias(const OnnxNode& n, int t) {
  for (const std::string& i : n.inputs)
    if (tensor(i) == t && uses_[i] > 1) shared_.insert(t);
  tensor_of_[n.outputs[0]] = t;
}

Network OnnxImporter::run() {
  for (const OnnxTensor& t : graph_.initializers) add_constant(t);
  std::vector<const OnnxValue*> inputs;
  for (const OnnxValue& v : graph_.inputs)
    if (!graph_.initializer(v.name)) inputs.push_back(&v);
  if (inputs.size() != 1 || graph_.outputs.size() != 1)
    throw ConfigError(fmt::format("the model has {} inputs and {} outputs: it must have one of each",
                                  inputs.size(), graph_.outputs.size()));
  const std::string graph_output = graph_.outputs[0].name;
  for (const OnnxNode& n : graph_.nodes)
    for (const std::string& i : n.inputs) ++uses_[i];
  ++uses_[graph_output];
  net_.input = new_tensor(inputs[0]->name, shape_of(*inputs[0]));
  for (const OnnxNode& n : graph_.nodes) node(n);
  net_.output = tensor(graph_output);
  if (net_.output < 0 || net_.layers.empty()) throw ConfigError("nothing computes the model's output");
  inherit_scales();
  return std::move(net_);
}

void OnnxImporter::node(const OnnxNode& n) {
  static const std::map<std::string, void (OnnxImporter::*)(const OnnxNode&)> kHandlers{
      {"QuantizeLinear", &OnnxImporter::quantize},
      {"DequantizeLinear", &OnnxImporter::dequantize},
      {"Gemm", &OnnxImporter::dense},
      {"MatMul", &OnnxImporter::dense},
      {"Conv", &OnnxImporter::convolution},
      {"MaxPool", &OnnxImporter::pool},
      {"AveragePool", &OnnxImporter::pool},
      {"GlobalAveragePool", &OnnxImporter::average_all},
      {"ReduceMean", &OnnxImporter::average_all},
      {"Relu", &OnnxImporter::relu},
      {"Clip", &OnnxImporter::relu},
      {"Add", &OnnxImporter::add},
      {"Sub", &OnnxImporter::arithmetic},
      {"Mul", &OnnxImporter::arithmetic},
      {"Div", &OnnxImporter::arithmetic},
      {"BatchNormalization", &OnnxImporter::batch_normalization},
      {"Flatten", &OnnxImporter::flatten},
      {"Reshape", &OnnxImporter::flatten},
      {"Softmax", &OnnxImporter::softmax},
      {"Pad", &OnnxImporter::pad},
  };
  if (n.outputs.empty()) refuse_operator(n, "has no output");
  if (n.op_type == "Identity" || n.op_type == "Dropout") {
    alias(n, activation_input(n));
  } else if (n.op_type == "Constant") {
    const OnnxAttribute* value = n.attribute("value");
    if (!value || value->tensor.empty()) refuse_operator(n, "has no value");
    OnnxTensor t = value->tensor[0];
    t.name = n.outputs[0];
    add_constant(t);
  } else {
    const auto handler = kHandlers.find(n.op_type);
    if (handler == kHandlers.end()) refuse_operator(n, "is not supported");
    (this->*handler->second)(n);
  }
}

Network network_from_onnx(const OnnxGraph& graph) { return OnnxImporter(graph).run(); }

}  // namespace xedgesim::ml
