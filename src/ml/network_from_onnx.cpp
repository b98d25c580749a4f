#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "ml/network.h"

namespace xedgesim::ml {
namespace {

constexpr int64_t kMostElements = int64_t{1} << 24;

[[noreturn]] void refuse(const OnnxNode& n, const std::string& what) {
  throw ConfigError(
      fmt::format("operator {}{} {}", n.op_type, n.name.empty() ? "" : " '" + n.name + "'", what));
}

/// Constants that a weight is made from: floats, and int8 with scales when the file has them quantised.
struct Constant {
  std::vector<int64_t> dims;
  std::vector<float> values;
  std::vector<int64_t> codes;
  std::vector<float> scales;
  int64_t axis = 0;
};

class Importer {
 public:
  explicit Importer(const OnnxGraph& graph) : graph_(graph) {}
  Network run();

 private:
  void node(const OnnxNode& n);
  void inherit_scales();
  void quantize(const OnnxNode& n);
  void dequantize(const OnnxNode& n);
  void dense(const OnnxNode& n);
  void convolution(const OnnxNode& n);
  void pool(const OnnxNode& n);
  void relu(const OnnxNode& n);
  void add(const OnnxNode& n);
  void arithmetic(const OnnxNode& n);
  void batch_normalization(const OnnxNode& n);
  void flatten(const OnnxNode& n);
  void softmax(const OnnxNode& n);
  void average_all(const OnnxNode& n);

  const std::string& input(const OnnxNode& n, size_t i) const {
    if (i >= n.inputs.size() || n.inputs[i].empty()) refuse(n, "lacks an input");
    return n.inputs[i];
  }
  bool has_input(const OnnxNode& n, size_t i) const { return i < n.inputs.size() && !n.inputs[i].empty(); }
  /// The tensor a value is; -1 for a constant.
  int tensor(const std::string& value) const {
    const auto i = tensor_of_.find(value);
    return i == tensor_of_.end() ? -1 : i->second;
  }
  int activation_input(const OnnxNode& n, size_t i = 0) const {
    const int t = tensor(input(n, i));
    if (t < 0) refuse(n, "works on a constant, or on what nothing has computed");
    return t;
  }
  NetworkTensor& at(int t) { return net_.tensors[static_cast<size_t>(t)]; }
  const Constant& constant(const OnnxNode& n, size_t i) const {
    const auto c = constants_.find(input(n, i));
    if (c == constants_.end()) refuse(n, fmt::format("has an input '{}' that is no constant", n.inputs[i]));
    return c->second;
  }
  void add_constant(const OnnxTensor& t) {
    Constant c{.dims = t.dims, .values = {}, .codes = {}, .scales = {}};
    if (t.data_type == 1)
      c.values = t.floats();
    else if (t.data_type == 2 || t.data_type == 3 || t.data_type == 6 || t.data_type == 7)
      c.codes = t.integers();
    else
      return;  // of a type that nothing supported reads
    constants_[t.name] = std::move(c);
  }
  int new_tensor(const std::string& name, std::vector<int64_t> dims) {
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
  Layer& new_layer(const OnnxNode& n, LayerKind kind, std::vector<int> inputs,
                   std::vector<int64_t> out_dims) {
    if (n.outputs.empty()) refuse(n, "has no output");
    for (int t : inputs)
      if (flattened_.contains(t) && kind != LayerKind::dense)
        refuse(n, "follows a Flatten or Reshape, behind which only Gemm or MatMul can be");
    Layer l;
    l.kind = kind;
    l.name = n.name.empty() ? n.outputs[0] : n.name;
    l.inputs = std::move(inputs);
    l.output = new_tensor(n.outputs[0], std::move(out_dims));
    net_.layers.push_back(std::move(l));
    return net_.layers.back();
  }
  /// The layer that gives `t` when nothing else reads `t` and it has no scale yet: what follows can be fused.
  Layer* fusable(int t, const std::string& value) {
    if (uses_[value] != 1 || at(t).quantization || graph_output_ == value) return nullptr;
    for (Layer& l : net_.layers)
      if (l.output == t && l.activation == Activation::none) return &l;
    return nullptr;
  }
  void alias(const std::string& name, int t) { tensor_of_[name] = t; }
  void set_weights(const OnnxNode& n, Layer& l, const Constant& w, size_t bias, int64_t outputs);
  void windows(const OnnxNode& n, Layer& l, const std::vector<int64_t>& in, int64_t out_channels);
  std::vector<int64_t> window_output(const OnnxNode& n, const std::vector<int64_t>& in, int64_t out_channels,
                                     const std::vector<int64_t>& kernel, Layer& geometry);

  const OnnxGraph& graph_;
  Network net_;
  std::map<std::string, int> tensor_of_;
  std::map<std::string, Constant> constants_;
  std::map<std::string, int> uses_;
  std::map<std::string, std::string> quantized_;  // int8 value -> the constant it was made from
  std::map<int, bool> flattened_;                 // tensors seen as a row of elements from here on
  std::string graph_output_;
};

/// [1, n], [1, c, h, w]; a free batch is 1, a signal [1, c, l] gets the height 1.
std::vector<int64_t> shape_of(const OnnxValue& v) {
  std::vector<int64_t> dims = v.dims;
  if (!dims.empty() && dims[0] < 0) dims[0] = 1;
  if (dims.size() == 3) dims = {dims[0], dims[1], 1, dims[2]};
  if ((dims.size() != 2 && dims.size() != 4) || dims[0] != 1 ||
      std::any_of(dims.begin(), dims.end(), [](int64_t d) { return d < 1; }))
    throw ConfigError(
        fmt::format("its input '{}' must have the shape [1, n], [1, c, l] or [1, c, h, w]", v.name));
  return dims;
}

Network Importer::run() {
  for (const OnnxTensor& t : graph_.initializers) add_constant(t);
  std::vector<const OnnxValue*> inputs;
  for (const OnnxValue& v : graph_.inputs)
    if (!graph_.initializer(v.name)) inputs.push_back(&v);
  if (inputs.size() != 1 || graph_.outputs.size() != 1)
    throw ConfigError("the model has not exactly one input and one output");
  graph_output_ = graph_.outputs[0].name;
  for (const OnnxNode& n : graph_.nodes)
    for (const std::string& i : n.inputs) ++uses_[i];
  net_.input = new_tensor(inputs[0]->name, shape_of(*inputs[0]));
  for (const OnnxNode& n : graph_.nodes) node(n);
  net_.output = tensor(graph_output_);
  if (net_.output < 0 || net_.layers.empty()) throw ConfigError("nothing computes the model's output");
  inherit_scales();
  return std::move(net_);
}

/// Quantised files leave the scales of values out that follow from others.
void Importer::inherit_scales() {
  for (const Layer& l : net_.layers) {
    auto& q = at(l.output).quantization;
    const auto& before = at(l.inputs[0]).quantization;
    if (q || !before) continue;
    if (l.kind == LayerKind::max_pool || l.kind == LayerKind::average_pool) q = before;
    if (l.kind == LayerKind::softmax) q = Quantization{1.0f / 256.0f, -128};
  }
}

void Importer::node(const OnnxNode& n) {
  static const std::map<std::string, void (Importer::*)(const OnnxNode&)> kHandlers{
      {"QuantizeLinear", &Importer::quantize},
      {"DequantizeLinear", &Importer::dequantize},
      {"Gemm", &Importer::dense},
      {"MatMul", &Importer::dense},
      {"Conv", &Importer::convolution},
      {"MaxPool", &Importer::pool},
      {"AveragePool", &Importer::pool},
      {"GlobalAveragePool", &Importer::average_all},
      {"ReduceMean", &Importer::average_all},
      {"Relu", &Importer::relu},
      {"Clip", &Importer::relu},
      {"Add", &Importer::add},
      {"Sub", &Importer::arithmetic},
      {"Mul", &Importer::arithmetic},
      {"Div", &Importer::arithmetic},
      {"BatchNormalization", &Importer::batch_normalization},
      {"Flatten", &Importer::flatten},
      {"Reshape", &Importer::flatten},
      {"Softmax", &Importer::softmax},
  };
  if (n.outputs.empty()) refuse(n, "has no output");
  if (n.op_type == "Identity" || n.op_type == "Dropout") {
    alias(n.outputs[0], activation_input(n));
  } else if (n.op_type == "Constant") {
    const OnnxAttribute* value = n.attribute("value");
    if (!value || value->tensor.empty()) refuse(n, "has no value");
    OnnxTensor t = value->tensor[0];
    t.name = n.outputs[0];
    add_constant(t);
  } else {
    const auto handler = kHandlers.find(n.op_type);
    if (handler == kHandlers.end()) refuse(n, "is not supported");
    (this->*handler->second)(n);
  }
}

// ---- quantisation ---------------------------------------------------------------------------------------

void Importer::quantize(const OnnxNode& n) {
  const Constant& scale = constant(n, 1);
  if (scale.values.size() != 1) refuse(n, "has a scale a channel, which is supported for weights only");
  int64_t zero = 0;
  bool is_unsigned = !has_input(n, 2);
  if (has_input(n, 2)) {
    const Constant& z = constant(n, 2);
    if (z.codes.size() != 1) refuse(n, "has a zero point that is no int8 or uint8 number");
    zero = z.codes[0];
    const OnnxTensor* t = graph_.initializer(n.inputs[2]);
    is_unsigned = t && t->data_type == 2;
  }
  if (!(scale.values[0] > 0) || !std::isfinite(scale.values[0]))
    refuse(n, "has a scale that is not positive");
  if (is_unsigned) zero -= 128;  // the same values as int8
  if (zero < -128 || zero > 127) refuse(n, "has a zero point outside of int8");
  const int t = activation_input(n);
  const Quantization q{scale.values[0], static_cast<int32_t>(zero)};
  if (at(t).quantization && *at(t).quantization != q) refuse(n, "gives a tensor a second scale");
  at(t).quantization = q;
  alias(n.outputs[0], t);
}

void Importer::dequantize(const OnnxNode& n) {
  if (const int t = tensor(input(n, 0)); t >= 0) {
    alias(n.outputs[0], t);
    return;
  }
  Constant c = constant(n, 0);
  c.scales = constant(n, 1).values;
  c.axis = n.integer("axis", 1);
  if (has_input(n, 2)) {
    const auto& zeros = constant(n, 2).codes;
    if (std::any_of(zeros.begin(), zeros.end(), [](int64_t z) { return z != 0; }))
      refuse(n, "has weights with a zero point other than 0: quantise them symmetrically to int8");
  }
  if (c.scales.empty() || c.codes.empty()) refuse(n, "has no int8 or int32 constant to work on");
  if (c.scales.size() > 1 &&
      (c.axis != 0 || c.dims.empty() || static_cast<int64_t>(c.scales.size()) != c.dims[0]))
    refuse(n, "has scales along another dimension than the outputs");
  const size_t per_scale = c.codes.size() / c.scales.size();
  c.values.clear();
  for (size_t i = 0; i < c.codes.size(); ++i)
    c.values.push_back(static_cast<float>(c.codes[i]) * c.scales[c.scales.size() == 1 ? 0 : i / per_scale]);
  constants_[n.outputs[0]] = std::move(c);
}

/// Weights and bias of a layer; int8 forms when the file has them.
void Importer::set_weights(const OnnxNode& n, Layer& l, const Constant& w, size_t bias, int64_t outputs) {
  l.weights = w.values;
  if (l.weights.empty()) refuse(n, "has weights that are no floats");
  if (std::any_of(l.weights.begin(), l.weights.end(), [](float v) { return !std::isfinite(v); }))
    refuse(n, "has a weight that is not a finite number");
  if (!w.codes.empty()) {
    for (int64_t c : w.codes) {
      if (c < -128 || c > 127) refuse(n, "has quantised weights that are not int8");
      l.weights_q.push_back(static_cast<int8_t>(c));
    }
    l.weight_scales = w.scales;
  }
  l.bias.assign(static_cast<size_t>(outputs), 0.0f);
  if (has_input(n, bias)) {
    const Constant& b = constant(n, bias);
    if (static_cast<int64_t>(b.values.size()) != outputs) refuse(n, "has a bias of the wrong size");
    l.bias = b.values;
  }
  if (l.weights_q.empty()) return;
  const auto& q = at(l.inputs[0]).quantization;
  if (!q) refuse(n, "has int8 weights, but its input is not quantised");
  for (size_t o = 0; o < l.bias.size(); ++o) {
    const double unit = static_cast<double>(q->scale) * l.weight_scales[l.weight_scales.size() == 1 ? 0 : o];
    const double code = std::nearbyint(l.bias[o] / unit);
    if (!(std::abs(code) < 1 << 30)) refuse(n, "has a bias too large for int32");
    l.bias_q.push_back(static_cast<int32_t>(code));
  }
}

// ---- layers ---------------------------------------------------------------------------------------------

void Importer::dense(const OnnxNode& n) {
  const int in = activation_input(n);
  const Constant& w = constant(n, 1);
  if (w.dims.size() != 2) refuse(n, "has weights that are no matrix");
  const OnnxAttribute* alpha = n.attribute("alpha");
  const OnnxAttribute* beta = n.attribute("beta");
  if ((alpha && alpha->number != 1.0f) || (beta && beta->number != 1.0f) || n.integer("transA", 0) != 0)
    refuse(n, "has alpha, beta or transA, which are not supported");
  const bool by_output = n.op_type == "Gemm" && n.integer("transB", 0) != 0;
  const int64_t depth = w.dims[by_output ? 1 : 0], outputs = w.dims[by_output ? 0 : 1];
  if (depth != at(in).elements() || (at(in).is_image() && !flattened_.contains(in)))
    refuse(n, fmt::format("takes {} values, but its input has {}", depth, at(in).elements()));
  Constant rows = w;
  if (!by_output) {
    if (w.scales.size() > 1) refuse(n, "has a scale an output, for which transB must be 1");
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

/// Output shape of a moving window; fills in its geometry. One-dimensional attributes apply to the width.
std::vector<int64_t> Importer::window_output(const OnnxNode& n, const std::vector<int64_t>& in,
                                             int64_t out_channels, const std::vector<int64_t>& kernel_in,
                                             Layer& g) {
  const auto pair = [&](std::vector<int64_t> v, int64_t otherwise, int64_t* out) {
    if (v.empty()) v = {otherwise, otherwise};
    if (v.size() == 1) v = {1, v[0]};
    if (v.size() != 2 || v[0] < 1 || v[1] < 1 || v[0] > 4096 || v[1] > 4096)
      refuse(n, "has a kernel, stride or dilation out of range");
    out[0] = v[0];
    out[1] = v[1];
  };
  pair(kernel_in, 1, g.kernel);
  pair(n.integers("strides"), 1, g.stride);
  pair(n.integers("dilations"), 1, g.dilation);
  std::vector<int64_t> pads = n.integers("pads");
  if (pads.empty()) pads = {0, 0, 0, 0};
  if (pads.size() == 2) pads = {0, pads[0], 0, pads[1]};
  if (pads.size() != 4 || std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p < 0 || p > 4096; }))
    refuse(n, "has pads out of range");
  const OnnxAttribute* automatic = n.attribute("auto_pad");
  const std::string mode = automatic ? automatic->text : "NOTSET";
  if (mode != "NOTSET" && mode != "SAME_UPPER" && mode != "VALID") refuse(n, "has auto_pad " + mode);
  if (n.integer("ceil_mode", 0) != 0) refuse(n, "has ceil_mode, which is not supported");
  std::vector<int64_t> out{1, out_channels};
  for (size_t d = 0; d < 2; ++d) {
    const int64_t reach = (g.kernel[d] - 1) * g.dilation[d] + 1, size = in[2 + d];
    if (mode == "SAME_UPPER") {
      const int64_t result = (size + g.stride[d] - 1) / g.stride[d];
      const int64_t total = std::max<int64_t>(0, (result - 1) * g.stride[d] + reach - size);
      pads[d] = total / 2;
      pads[d + 2] = total - total / 2;
    } else if (mode == "VALID") {
      pads[d] = pads[d + 2] = 0;
    }
    const int64_t room = size + pads[d] + pads[d + 2] - reach;
    if (room < 0) refuse(n, "has a window larger than its input");
    out.push_back(room / g.stride[d] + 1);
  }
  std::copy(pads.begin(), pads.end(), g.pads);
  return out;
}

void Importer::convolution(const OnnxNode& n) {
  const int in = activation_input(n);
  if (!at(in).is_image()) refuse(n, "works on a tensor that is no image or signal");
  const Constant w = constant(n, 1);
  std::vector<int64_t> dims = w.dims;
  if (dims.size() == 3) dims = {dims[0], dims[1], 1, dims[2]};
  if (dims.size() != 4) refuse(n, "has weights that are no filters");
  const int64_t group = n.integer("group", 1), channels = at(in).dims[1];
  const bool depthwise = group > 1;
  if (depthwise && (group != channels || dims[1] != 1 || dims[0] % channels != 0))
    refuse(n, "has groups other than one a channel");
  if (!depthwise && dims[1] != channels) refuse(n, "has filters that do not fit the channels");
  Layer geometry;
  auto out = window_output(n, at(in).dims, dims[0], {dims[2], dims[3]}, geometry);
  Layer& l = new_layer(n, depthwise ? LayerKind::depthwise : LayerKind::convolution, {in}, std::move(out));
  std::copy(geometry.kernel, geometry.kernel + 2, l.kernel);
  std::copy(geometry.stride, geometry.stride + 2, l.stride);
  std::copy(geometry.dilation, geometry.dilation + 2, l.dilation);
  std::copy(geometry.pads, geometry.pads + 4, l.pads);
  set_weights(n, l, w, 2, dims[0]);
}

void Importer::pool(const OnnxNode& n) {
  const int in = activation_input(n);
  if (!at(in).is_image()) refuse(n, "works on a tensor that is no image or signal");
  Layer geometry;
  auto out = window_output(n, at(in).dims, at(in).dims[1], n.integers("kernel_shape"), geometry);
  const bool padded = std::any_of(geometry.pads, geometry.pads + 4, [](int64_t p) { return p != 0; });
  if (padded && n.op_type == "AveragePool" && n.integer("count_include_pad", 0) != 0)
    refuse(n, "counts its padding, which is not supported");
  Layer& l = new_layer(n, n.op_type == "MaxPool" ? LayerKind::max_pool : LayerKind::average_pool, {in},
                       std::move(out));
  std::copy(geometry.kernel, geometry.kernel + 2, l.kernel);
  std::copy(geometry.stride, geometry.stride + 2, l.stride);
  std::copy(geometry.pads, geometry.pads + 4, l.pads);
}

void Importer::average_all(const OnnxNode& n) {
  const int in = activation_input(n);
  if (!at(in).is_image()) refuse(n, "works on a tensor that is no image or signal");
  bool keeps = true;
  if (n.op_type == "ReduceMean") {
    std::vector<int64_t> axes = n.integers("axes");
    if (axes.empty() && has_input(n, 1)) axes = constant(n, 1).codes;
    for (int64_t& a : axes) a = a < 0 ? a + 4 : a;
    std::sort(axes.begin(), axes.end());
    if (axes != std::vector<int64_t>{2, 3}) refuse(n, "runs over other dimensions than height and width");
    keeps = n.integer("keepdims", 1) != 0;
  }
  const int64_t channels = at(in).dims[1];
  new_layer(n, LayerKind::global_average, {in},
            keeps ? std::vector<int64_t>{1, channels, 1, 1} : std::vector<int64_t>{1, channels});
}

void Importer::relu(const OnnxNode& n) {
  Activation kind = Activation::relu;
  if (n.op_type == "Clip") {
    const auto bound = [&](size_t i, const char* name) -> float {
      if (has_input(n, i)) return constant(n, i).values.empty() ? NAN : constant(n, i).values[0];
      const OnnxAttribute* a = n.attribute(name);
      return a ? a->number : NAN;
    };
    if (bound(1, "min") != 0.0f || bound(2, "max") != 6.0f) refuse(n, "has other bounds than 0 and 6");
    kind = Activation::relu6;
  }
  const int in = activation_input(n);
  if (Layer* l = fusable(in, n.inputs[0]);
      l && l->kind != LayerKind::normalise && l->kind != LayerKind::softmax) {
    l->activation = kind;
    alias(n.outputs[0], in);
    return;
  }
  new_layer(n, LayerKind::relu, {in}, at(in).dims).activation = kind;
}

void Importer::add(const OnnxNode& n) {
  const int a = tensor(input(n, 0)), b = tensor(input(n, 1));
  if (a >= 0 && b >= 0) {
    if (at(a).dims != at(b).dims) refuse(n, "has inputs of different shapes");
    new_layer(n, LayerKind::add, {a, b}, at(a).dims);
    return;
  }
  const int in = a >= 0 ? a : b;
  if (in < 0) refuse(n, "adds constants");
  const Constant& c = constant(n, a >= 0 ? 1 : 0);
  Layer* l = fusable(in, n.inputs[a >= 0 ? 0 : 1]);
  // A MatMul's bias.
  if (l && l->kind == LayerKind::dense && l->bias.size() == c.values.size()) {
    for (size_t i = 0; i < c.values.size(); ++i) l->bias[i] += c.values[i];
    if (!l->weights_q.empty()) refuse(n, "adds a bias to a quantised MatMul: use Gemm");
    alias(n.outputs[0], in);
    return;
  }
  arithmetic(n);
}

/// Normalisation of the input: constants subtracted from, added to, or multiplied with its elements.
void Importer::arithmetic(const OnnxNode& n) {
  const int in = activation_input(n);
  const std::vector<float> values = constant(n, 1).values;
  const auto size = static_cast<size_t>(at(in).elements());
  if (values.size() != 1 && values.size() != size)
    refuse(n, "has a constant of another shape than its input");
  const bool first = in == net_.input;
  Layer* before = net_.layers.empty() ? nullptr : &net_.layers.back();
  const bool continues =
      before && before->kind == LayerKind::normalise && before->output == in && !at(in).quantization;
  if (!first && !continues) refuse(n, "with a constant is supported at the model's input only");
  const bool scales = n.op_type == "Mul" || n.op_type == "Div";
  if (continues && !scales) {
    // (x - s) * m - c = (x - (s + c / m)) * m
    refuse(n, "follows a multiplication: subtract first, then multiply");
  }
  if (!continues) {
    Layer& l = new_layer(n, LayerKind::normalise, {in}, at(in).dims);
    l.subtract.assign(size, 0.0f);
    l.multiply.assign(size, 1.0f);
  } else {
    alias(n.outputs[0], in);
  }
  Layer& l = net_.layers.back();
  for (size_t i = 0; i < size; ++i) {
    const float v = values[values.size() == 1 ? 0 : i];
    if (!std::isfinite(v) || (n.op_type == "Div" && v == 0)) refuse(n, "has a constant that cannot be used");
    if (n.op_type == "Sub") l.subtract[i] = v;
    if (n.op_type == "Add") l.subtract[i] = -v;
    if (n.op_type == "Mul") l.multiply[i] *= v;
    if (n.op_type == "Div") l.multiply[i] /= v;
  }
}

void Importer::batch_normalization(const OnnxNode& n) {
  const int in = activation_input(n);
  Layer* l = fusable(in, n.inputs[0]);
  if (!l || !l->has_weights() || !l->weights_q.empty())
    refuse(n, "does not follow a Conv or Gemm in floats, into which it could be folded");
  const auto g = constant(n, 1).values, b = constant(n, 2).values, m = constant(n, 3).values,
             v = constant(n, 4).values;
  const size_t outputs = l->bias.size();
  if (g.size() != outputs || b.size() != outputs || m.size() != outputs || v.size() != outputs)
    refuse(n, "has constants of the wrong size");
  const OnnxAttribute* epsilon = n.attribute("epsilon");
  const size_t per_output = l->weights.size() / outputs;
  for (size_t o = 0; o < outputs; ++o) {
    const float factor = g[o] / std::sqrt(v[o] + (epsilon ? epsilon->number : 1e-5f));
    if (!std::isfinite(factor)) refuse(n, "has a variance that is not positive");
    for (size_t i = 0; i < per_output; ++i) l->weights[o * per_output + i] *= factor;
    l->bias[o] = (l->bias[o] - m[o]) * factor + b[o];
  }
  alias(n.outputs[0], in);
}

void Importer::flatten(const OnnxNode& n) {
  const int in = activation_input(n);
  if (n.op_type == "Flatten" && n.integer("axis", 1) != 1) refuse(n, "has another axis than 1");
  if (n.op_type == "Reshape") {
    const std::vector<int64_t> shape = constant(n, 1).codes;
    const bool row = shape.size() == 2 && (shape[0] == 1 || shape[0] == -1 || shape[0] == 0) &&
                     (shape[1] == -1 || shape[1] == at(in).elements());
    if (!row) refuse(n, "gives another shape than [1, n]");
  }
  if (at(in).is_image()) flattened_[in] = true;
  alias(n.outputs[0], in);
}

void Importer::softmax(const OnnxNode& n) {
  const int in = activation_input(n);
  const int64_t axis = n.integer("axis", -1);
  if (at(in).is_image() || (axis != -1 && axis != 1))
    refuse(n, "does not run over the classes of a [1, n] tensor");
  new_layer(n, LayerKind::softmax, {in}, at(in).dims);
}

}  // namespace

Network network_from_onnx(const OnnxGraph& graph) { return Importer(graph).run(); }

}  // namespace xedgesim::ml
