// Field and operator numbers: schema.fbs of TensorFlow Lite, version 3.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "base/error.h"
#include "ml/flatbuffer_writer.h"
#include "ml/network.h"

namespace xedgesim::ml {
namespace {

enum class Type : int8_t { float32 = 0, int32 = 2, int8 = 9 };

struct Operator {
  int32_t code;
  int32_t version;  ///< the first one that has int8
};
constexpr Operator kAdd{0, 2}, kAveragePool{1, 2}, kConv{3, 3}, kDepthwise{4, 3}, kDequantize{6, 2},
    kDense{9, 4}, kMaxPool{17, 2}, kMul{18, 1}, kRelu{19, 2}, kRelu6{21, 2}, kReshape{22, 1}, kSoftmax{25, 2},
    kMean{40, 2}, kSub{41, 1}, kQuantize{114, 1};

enum OptionsType : int8_t {
  kNoOptions = 0,
  kConvOptions = 1,
  kDepthwiseOptions = 2,
  kPoolOptions = 5,
  kDenseOptions = 8,
  kSoftmaxOptions = 9,
  kAddOptions = 11,
  kReshapeOptions = 17,
  kMulOptions = 21,
  kReducerOptions = 27,
  kSubOptions = 28,
};

int8_t activation_code(Activation a) {
  return static_cast<int8_t>(a == Activation::none ? 0 : a == Activation::relu ? 1 : 3);
}

std::vector<int32_t> channels_last(const std::vector<int64_t>& d) {
  if (d.size() != 4) return {d.begin(), d.end()};
  return {static_cast<int32_t>(d[0]), static_cast<int32_t>(d[2]), static_cast<int32_t>(d[3]),
          static_cast<int32_t>(d[1])};
}

/// Where element `i` in channels-last order stands in [1, c, h, w].
size_t from_channels_first(const std::vector<int64_t>& d, size_t i) {
  if (d.size() != 4) return i;
  const auto c = static_cast<size_t>(d[1]), area = static_cast<size_t>(d[2] * d[3]);
  return i % c * area + i / c;
}

class TfliteWriter {
 public:
  TfliteWriter(const Network& net, bool float_output) : net_(net), float_output_(float_output) {}
  std::vector<uint8_t> write();

 private:
  const NetworkTensor& tensor(int t) const { return net_.tensors[static_cast<size_t>(t)]; }
  int32_t buffer(std::vector<uint8_t> bytes) {
    FlatTable b;
    b.ref(0, flat_bytes(std::move(bytes)));
    buffers_.push_back(flat(std::move(b)));
    return static_cast<int32_t>(buffers_.size() - 1);
  }
  template <typename T>
  int32_t buffer_of(const std::vector<T>& values) {
    std::vector<uint8_t> bytes(values.size() * sizeof(T));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return buffer(std::move(bytes));
  }
  int32_t add_tensor(const std::string& name, const std::vector<int32_t>& shape, Type type, int32_t buffer,
                     const std::vector<float>& scales = {}, int64_t zero = 0, int32_t dimension = 0);
  int32_t add_quantised(const std::string& name, const std::vector<int32_t>& shape, const Quantization& q) {
    return add_tensor(name, shape, Type::int8, 0, {q.scale}, q.zero);
  }
  void add_operator(Operator op, std::vector<int32_t> inputs, int32_t output, OptionsType type = kNoOptions,
                    FlatTable options = {});
  int32_t index_of(int t) { return index_.at(t); }
  /// The layer's result as a new int8 tensor.
  int32_t result(const Layer& l);
  void layer(const Layer& l);
  void normalise(const Layer& l);
  void dense(const Layer& l);
  void convolve(const Layer& l);
  FlatTable window_options(const Layer& l, bool pool);
  int8_t padding(const Layer& l) const;

  const Network& net_;
  bool float_output_;
  std::vector<FlatRef> buffers_, tensors_, operators_, codes_;
  std::map<int32_t, uint32_t> code_index_;
  std::map<int, int32_t> index_;  // network tensor -> tensor of the file
};

int32_t TfliteWriter::add_tensor(const std::string& name, const std::vector<int32_t>& shape, Type type,
                                 int32_t buffer, const std::vector<float>& scales, int64_t zero,
                                 int32_t dimension) {
  FlatTable t;
  t.ref(0, flat(shape));
  t.i8(1, static_cast<int8_t>(type));
  t.i32(2, buffer);
  t.ref(3, flat(name));
  if (!scales.empty()) {
    FlatTable q;
    q.ref(2, flat(scales));
    q.ref(3, flat(std::vector<int64_t>(scales.size(), zero)));
    q.i32(6, dimension);
    t.ref(4, flat(std::move(q)));
  }
  tensors_.push_back(flat(std::move(t)));
  return static_cast<int32_t>(tensors_.size() - 1);
}

void TfliteWriter::add_operator(Operator op, std::vector<int32_t> inputs, int32_t output, OptionsType type,
                                FlatTable options) {
  const auto [place, fresh] = code_index_.try_emplace(op.code, static_cast<uint32_t>(codes_.size()));
  if (fresh) {
    FlatTable code;
    code.i8(0, static_cast<int8_t>(op.code));
    code.i32(2, op.version);
    code.i32(3, op.code);
    codes_.push_back(flat(std::move(code)));
  }
  FlatTable o;
  o.i32(0, static_cast<int32_t>(place->second));
  o.ref(1, flat(inputs));
  o.ref(2, flat(std::vector<int32_t>{output}));
  if (type != kNoOptions) {
    o.i8(3, type);
    o.ref(4, flat(std::move(options)));
  }
  operators_.push_back(flat(std::move(o)));
}

int32_t TfliteWriter::result(const Layer& l) {
  const NetworkTensor& t = tensor(l.output);
  if (!t.quantization) throw ConfigError(fmt::format("the result of layer '{}' is not quantised", l.name));
  return index_[l.output] = add_quantised(t.name, channels_last(t.dims), *t.quantization);
}

void TfliteWriter::normalise(const Layer& l) {
  const NetworkTensor& t = tensor(l.output);
  const auto shape = channels_last(t.dims);
  const auto ordered = [&](const std::vector<float>& v) {
    std::vector<float> out(v.size());
    for (size_t i = 0; i < v.size(); ++i) out[i] = v[from_channels_first(t.dims, i)];
    return out;
  };
  const int32_t mean = add_tensor(l.name + "/subtract", shape, Type::float32, buffer_of(ordered(l.subtract)));
  const int32_t factor =
      add_tensor(l.name + "/multiply", shape, Type::float32, buffer_of(ordered(l.multiply)));
  const int32_t centred = add_tensor(l.name + "/centred", shape, Type::float32, 0);
  const int32_t scaled = add_tensor(l.name, shape, Type::float32, 0);
  FlatTable none;
  none.i8(0, 0);
  add_operator(kSub, {index_of(l.inputs[0]), mean}, centred, kSubOptions, none);
  add_operator(kMul, {centred, factor}, scaled, kMulOptions, none);
  if (!t.quantization) throw ConfigError(fmt::format("the result of layer '{}' is not quantised", l.name));
  const int32_t q = add_quantised(l.name + "/int8", shape, *t.quantization);
  add_operator(kQuantize, {scaled}, q);
  index_[l.output] = q;
}

void TfliteWriter::dense(const Layer& l) {
  const NetworkTensor& in = tensor(l.inputs[0]);
  const auto depth = static_cast<size_t>(in.elements());
  const auto outputs = static_cast<int32_t>(l.outputs());
  int32_t from = index_of(l.inputs[0]);
  if (in.is_image()) {
    const std::vector<int32_t> row{1, static_cast<int32_t>(depth)};
    const int32_t flat_row = add_quantised(in.name + "/row", row, *in.quantization);
    FlatTable options;
    options.ref(0, flat(row));
    add_operator(kReshape, {from}, flat_row, kReshapeOptions, options);
    from = flat_row;
  }
  std::vector<int8_t> weights(l.weights_q.size());
  for (size_t o = 0; o < static_cast<size_t>(outputs); ++o)
    for (size_t i = 0; i < depth; ++i)
      weights[o * depth + i] = l.weights_q[o * depth + from_channels_first(in.dims, i)];
  const int32_t w = add_tensor(l.name + "/weights", {outputs, static_cast<int32_t>(depth)}, Type::int8,
                               buffer_of(weights), l.weight_scales);
  const int32_t b = add_tensor(l.name + "/bias", {outputs}, Type::int32, buffer_of(l.bias_q),
                               {in.quantization->scale * l.weight_scales[0]});
  FlatTable options;
  options.i8(0, activation_code(l.activation));
  const int32_t out = result(l);
  add_operator(kDense, {from, w, b}, out, kDenseOptions, options);
}

/// TFLite knows no numbers of padding, only two rules.
int8_t TfliteWriter::padding(const Layer& l) const {
  const auto& in = tensor(l.inputs[0]).dims;
  const auto& out = tensor(l.output).dims;
  bool same = true, valid = true;
  for (size_t d = 0; d < 2; ++d) {
    const int64_t reach = (l.kernel[d] - 1) * l.dilation[d] + 1, size = in[2 + d];
    const int64_t total = std::max<int64_t>(0, (out[2 + d] - 1) * l.stride[d] + reach - size);
    same = same && out[2 + d] == (size + l.stride[d] - 1) / l.stride[d] && l.pads[d] == total / 2;
    valid = valid && l.pads[d] == 0 && l.pads[d + 2] == 0;
  }
  if (valid) return 1;
  if (same) return 0;
  throw ConfigError(fmt::format(
      "layer '{}' has a padding that .tflite cannot express: use none, or as much as keeps the size at "
      "stride 1 (auto_pad SAME_UPPER at others)",
      l.name));
}

FlatTable TfliteWriter::window_options(const Layer& l, bool pool) {
  FlatTable o;
  o.i8(0, padding(l));
  o.i32(1, static_cast<int32_t>(l.stride[1]));
  o.i32(2, static_cast<int32_t>(l.stride[0]));
  const unsigned at = l.kind == LayerKind::depthwise ? 4 : 3;
  if (pool) {
    o.i32(3, static_cast<int32_t>(l.kernel[1]));
    o.i32(4, static_cast<int32_t>(l.kernel[0]));
    o.i8(5, activation_code(l.activation));
    return o;
  }
  o.i8(at, activation_code(l.activation));
  o.i32(at + 1, static_cast<int32_t>(l.dilation[1]));
  o.i32(at + 2, static_cast<int32_t>(l.dilation[0]));
  return o;
}

void TfliteWriter::convolve(const Layer& l) {
  const NetworkTensor& in = tensor(l.inputs[0]);
  const bool depthwise = l.kind == LayerKind::depthwise;
  const auto outputs = static_cast<size_t>(l.outputs()),
             area = static_cast<size_t>(l.kernel[0] * l.kernel[1]);
  const size_t depth = depthwise ? 1 : static_cast<size_t>(in.dims[1]);
  std::vector<int8_t> weights(l.weights_q.size());
  for (size_t o = 0; o < outputs; ++o)
    for (size_t c = 0; c < depth; ++c)
      for (size_t k = 0; k < area; ++k)
        weights[depthwise ? k * outputs + o : (o * area + k) * depth + c] =
            l.weights_q[(o * depth + c) * area + k];
  const auto h = static_cast<int32_t>(l.kernel[0]), w = static_cast<int32_t>(l.kernel[1]);
  const auto count = static_cast<int32_t>(outputs);
  std::vector<float> bias_scales;
  for (float s : l.weight_scales) bias_scales.push_back(s * in.quantization->scale);
  const std::vector<int32_t> shape = depthwise
                                         ? std::vector<int32_t>{1, h, w, count}
                                         : std::vector<int32_t>{count, h, w, static_cast<int32_t>(depth)};
  const int32_t filter = add_tensor(l.name + "/weights", shape, Type::int8, buffer_of(weights),
                                    l.weight_scales, 0, depthwise ? 3 : 0);
  const int32_t bias = add_tensor(l.name + "/bias", {count}, Type::int32, buffer_of(l.bias_q), bias_scales);
  FlatTable options = window_options(l, false);
  if (depthwise) options.i32(3, static_cast<int32_t>(l.outputs() / in.dims[1]));
  const int32_t from = index_of(l.inputs[0]);
  const int32_t out = result(l);
  add_operator(depthwise ? kDepthwise : kConv, {from, filter, bias}, out,
               depthwise ? kDepthwiseOptions : kConvOptions, options);
}

void TfliteWriter::layer(const Layer& l) {
  FlatTable options;
  switch (l.kind) {
    case LayerKind::normalise:
      normalise(l);
      break;
    case LayerKind::dense:
      dense(l);
      break;
    case LayerKind::convolution:
    case LayerKind::depthwise:
      convolve(l);
      break;
    case LayerKind::max_pool:
    case LayerKind::average_pool:
      add_operator(l.kind == LayerKind::max_pool ? kMaxPool : kAveragePool, {index_of(l.inputs[0])},
                   result(l), kPoolOptions, window_options(l, true));
      break;
    case LayerKind::global_average: {
      const int32_t axes =
          add_tensor(l.name + "/axes", {2}, Type::int32, buffer_of(std::vector<int32_t>{1, 2}));
      options.i8(0, tensor(l.output).is_image() ? 1 : 0);
      add_operator(kMean, {index_of(l.inputs[0]), axes}, result(l), kReducerOptions, options);
      break;
    }
    case LayerKind::add:
      options.i8(0, activation_code(l.activation));
      add_operator(kAdd, {index_of(l.inputs[0]), index_of(l.inputs[1])}, result(l), kAddOptions, options);
      break;
    case LayerKind::relu:
      add_operator(l.activation == Activation::relu6 ? kRelu6 : kRelu, {index_of(l.inputs[0])}, result(l));
      break;
    case LayerKind::softmax:
      options.f32(0, 1.0f);
      add_operator(kSoftmax, {index_of(l.inputs[0])}, result(l), kSoftmaxOptions, options);
      break;
  }
}

std::vector<uint8_t> TfliteWriter::write() {
  if (!net_.quantised())
    throw ConfigError(
        "the model is not quantised to int8 throughout (weights, and the result of every layer)");
  buffers_.push_back(flat(FlatTable{}));  // number 0 is the empty one
  const NetworkTensor& in = net_.in();
  const int32_t input = add_tensor(in.name, channels_last(in.dims), Type::float32, 0);
  index_[net_.input] = input;
  if (in.quantization) {
    const int32_t q = add_quantised(in.name + "/int8", channels_last(in.dims), *in.quantization);
    add_operator(kQuantize, {input}, q);
    index_[net_.input] = q;
  }
  for (const Layer& l : net_.layers) layer(l);
  int32_t output = index_of(net_.output);
  if (float_output_) {
    const int32_t real =
        add_tensor(net_.out().name + "/real", channels_last(net_.out().dims), Type::float32, 0);
    add_operator(kDequantize, {output}, real);
    output = real;
  }
  FlatTable graph;
  graph.ref(0, flat(tensors_));
  graph.ref(1, flat(std::vector<int32_t>{input}));
  graph.ref(2, flat(std::vector<int32_t>{output}));
  graph.ref(3, flat(operators_));
  graph.ref(4, flat(std::string("main")));
  FlatTable model;
  model.i32(0, 3);
  model.ref(1, flat(codes_));
  model.ref(2, flat(std::vector<FlatRef>{flat(std::move(graph))}));
  model.ref(3, flat(std::string("xedgesim")));
  model.ref(4, flat(buffers_));
  return write_flatbuffer(flat(std::move(model)), "TFL3");
}

}  // namespace

std::vector<uint8_t> write_tflite(const Network& network, bool float_output) {
  return TfliteWriter(network, float_output).write();
}

}  // namespace xedgesim::ml
