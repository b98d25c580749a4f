// Field numbers: onnx.proto, IR version 8, operator set 13.
#include <fmt/format.h>

#include <cstring>

#include "base/error.h"
#include "ml/network.h"

namespace xedgesim::ml {
namespace {

enum DataType : int64_t { kFloat = 1, kInt8 = 3, kInt32 = 6, kInt64 = 7 };

/// A protobuf message being written.
class Message {
 public:
  void integer(unsigned field, int64_t v) {
    varint(field << 3);
    varint(static_cast<uint64_t>(v));
  }
  void bytes(unsigned field, std::span<const uint8_t> v) {
    varint(field << 3 | 2);
    varint(v.size());
    out.insert(out.end(), v.begin(), v.end());
  }
  void text(unsigned field, const std::string& v) {
    bytes(field, {reinterpret_cast<const uint8_t*>(v.data()), v.size()});
  }
  void message(unsigned field, const Message& m) { bytes(field, m.out); }
  std::vector<uint8_t> out;

 private:
  void varint(uint64_t v) {
    for (; v >= 0x80; v >>= 7) out.push_back(static_cast<uint8_t>(v | 0x80));
    out.push_back(static_cast<uint8_t>(v));
  }
};

Message attribute(const std::string& name, const std::vector<int64_t>& values) {
  Message a;
  a.text(1, name);
  for (int64_t v : values) a.integer(8, v);
  a.integer(20, 7);
  return a;
}

Message attribute(const std::string& name, int64_t value) {
  Message a;
  a.text(1, name);
  a.integer(3, value);
  a.integer(20, 2);
  return a;
}

class OnnxWriter {
 public:
  OnnxWriter(const Network& net, const OnnxWriteOptions& options)
      : net_(net), options_(options), quantised_(net.quantised()) {}

  std::vector<uint8_t> write() {
    begin();
    for (const Layer& l : net_.layers) layer(l);
    // The last value already has its name, or is renamed.
    const std::string last = values_[static_cast<size_t>(net_.output)];
    if (last != kOutput) node("Identity", {last}, kOutput);
    graph_.text(2, "network");
    graph_.message(11, value_info(kInput, input_dims()));
    graph_.message(12, value_info(kOutput, net_.out().dims));
    Message opset;
    opset.text(1, "");
    opset.integer(2, 13);
    Message model;
    model.integer(1, 8);
    model.text(2, "xedgesim");
    model.message(7, graph_);
    model.message(8, opset);
    return std::move(model.out);
  }

 private:
  static constexpr const char* kInput = "input";
  static constexpr const char* kOutput = "output";

  const NetworkTensor& tensor(int t) const { return net_.tensors[static_cast<size_t>(t)]; }
  std::vector<int64_t> input_dims() const {
    return options_.codes_in ? std::vector<int64_t>{1, net_.in().elements()} : net_.in().dims;
  }
  static Message value_info(const std::string& name, const std::vector<int64_t>& dims) {
    Message shape, tensor, type, value;
    for (int64_t d : dims) {
      Message dim;
      dim.integer(1, d);
      shape.message(1, dim);
    }
    tensor.integer(1, kFloat);
    tensor.message(2, shape);
    type.message(1, tensor);
    value.text(1, name);
    value.message(2, type);
    return value;
  }
  template <typename T>
  std::string constant(const std::string& name, DataType type, const std::vector<int64_t>& dims,
                       const std::vector<T>& values) {
    Message t;
    for (int64_t d : dims) t.integer(1, d);
    t.integer(2, type);
    t.text(8, name);
    t.bytes(9, {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(T)});
    graph_.message(5, t);
    return name;
  }
  std::string node(const std::string& op, const std::vector<std::string>& inputs, const std::string& output,
                   const std::vector<Message>& attributes = {}) {
    Message n;
    for (const auto& i : inputs) n.text(1, i);
    n.text(2, output);
    n.text(4, op);
    for (const Message& a : attributes) n.message(5, a);
    graph_.message(1, n);
    return output;
  }
  std::string fresh(const std::string& what) { return fmt::format("{}_{}", what, ++serial_); }

  /// The value once through int8, as it is on a device.
  std::string through_int8(const std::string& value, const Quantization& q) {
    const std::string scale = constant(fresh("scale"), kFloat, {}, std::vector<float>{q.scale});
    const std::string zero =
        constant(fresh("zero"), kInt8, {}, std::vector<int8_t>{static_cast<int8_t>(q.zero)});
    const std::string codes = node("QuantizeLinear", {value, scale, zero}, fresh("codes"));
    return node("DequantizeLinear", {codes, scale, zero}, fresh("real"));
  }
  template <typename T>
  std::string dequantised(const std::string& name, DataType type, const std::vector<int64_t>& dims,
                          const std::vector<T>& values, const std::vector<float>& scales) {
    const std::string codes = constant(fresh(name), type, dims, values);
    const bool one = scales.size() == 1;
    const std::vector<int64_t> scale_dims = one ? std::vector<int64_t>{} : std::vector<int64_t>{dims[0]};
    const std::string scale = constant(fresh("scale"), kFloat, scale_dims, scales);
    const std::string zero = constant(fresh("zero"), type, scale_dims, std::vector<T>(scales.size(), T{0}));
    return node("DequantizeLinear", {codes, scale, zero}, fresh(name),
                one ? std::vector<Message>{} : std::vector{attribute("axis", 0)});
  }

  void begin() {
    values_.assign(net_.tensors.size(), "");
    std::string value = kInput;
    const NetworkTensor& in = net_.in();
    if (options_.codes_in) {
      const auto q = options_.codes ? options_.codes : in.quantization;
      XEDGESIM_ASSERT(q);
      const std::string zero =
          constant(fresh("zero"), kFloat, {1}, std::vector<float>{static_cast<float>(q->zero)});
      const std::string scale = constant(fresh("scale"), kFloat, {1}, std::vector<float>{q->scale});
      value = node("Sub", {value, zero}, fresh("centred"));
      value = node("Mul", {value, scale}, fresh("real"));
      if (in.is_image()) {
        const std::string shape = constant(fresh("shape"), kInt64, {4},
                                           std::vector<int64_t>{1, in.dims[2], in.dims[3], in.dims[1]});
        value = node("Reshape", {value, shape}, fresh("image"));
        value =
            node("Transpose", {value}, fresh("image"), {attribute("perm", std::vector<int64_t>{0, 3, 1, 2})});
      }
    }
    if (quantised_ && in.quantization) value = through_int8(value, *in.quantization);
    values_[static_cast<size_t>(net_.input)] = value;
  }

  void finish(const Layer& l, std::string value) {
    if (l.activation == Activation::relu) value = node("Relu", {value}, fresh("relu"));
    if (l.activation == Activation::relu6) {
      const std::string low = constant(fresh("low"), kFloat, {}, std::vector<float>{0.0f});
      const std::string high = constant(fresh("high"), kFloat, {}, std::vector<float>{6.0f});
      value = node("Clip", {value, low, high}, fresh("relu6"));
    }
    const auto& q = tensor(l.output).quantization;
    if (quantised_ && q) value = through_int8(value, *q);
    values_[static_cast<size_t>(l.output)] = value;
  }

  std::vector<std::string> weights_and_bias(const Layer& l, const std::string& input,
                                            const std::vector<int64_t>& dims) {
    const std::vector<int64_t> bias_dims{l.outputs()};
    if (!quantised_)
      return {input, constant(fresh("w"), kFloat, dims, l.weights),
              constant(fresh("b"), kFloat, bias_dims, l.bias)};
    std::vector<float> bias_scales;
    for (float s : l.weight_scales) bias_scales.push_back(s * tensor(l.inputs[0]).quantization->scale);
    return {input, dequantised("w", kInt8, dims, l.weights_q, l.weight_scales),
            dequantised("b", kInt32, bias_dims, l.bias_q, bias_scales)};
  }

  static std::vector<Message> window_attributes(const Layer& l) {
    return {attribute("kernel_shape", std::vector<int64_t>(l.kernel, l.kernel + 2)),
            attribute("strides", std::vector<int64_t>(l.stride, l.stride + 2)),
            attribute("pads", std::vector<int64_t>(l.pads, l.pads + 4))};
  }

  void layer(const Layer& l) {
    const std::string& x = values_[static_cast<size_t>(l.inputs[0])];
    const NetworkTensor& in = tensor(l.inputs[0]);
    switch (l.kind) {
      case LayerKind::normalise: {
        const std::string mean = constant(fresh("mean"), kFloat, in.dims, l.subtract);
        const std::string scale = constant(fresh("factor"), kFloat, in.dims, l.multiply);
        finish(l, node("Mul", {node("Sub", {x, mean}, fresh("centred")), scale}, fresh("normal")));
        break;
      }
      case LayerKind::dense: {
        const std::string row = in.is_image() ? node("Flatten", {x}, fresh("row")) : x;
        finish(l, node("Gemm", weights_and_bias(l, row, {l.outputs(), in.elements()}), fresh("dense"),
                       {attribute("transB", 1)}));
        break;
      }
      case LayerKind::convolution:
      case LayerKind::depthwise: {
        const bool depthwise = l.kind == LayerKind::depthwise;
        auto attributes = window_attributes(l);
        attributes.push_back(attribute("dilations", std::vector<int64_t>(l.dilation, l.dilation + 2)));
        attributes.push_back(attribute("group", depthwise ? in.dims[1] : 1));
        finish(l, node("Conv",
                       weights_and_bias(l, x,
                                        {l.outputs(), depthwise ? 1 : in.dims[1], l.kernel[0], l.kernel[1]}),
                       fresh("conv"), attributes));
        break;
      }
      case LayerKind::max_pool:
        finish(l, node("MaxPool", {x}, fresh("pool"), window_attributes(l)));
        break;
      case LayerKind::average_pool:
        finish(l, node("AveragePool", {x}, fresh("pool"), window_attributes(l)));
        break;
      case LayerKind::global_average: {
        std::string mean = node("GlobalAveragePool", {x}, fresh("mean"));
        if (!tensor(l.output).is_image()) mean = node("Flatten", {mean}, fresh("row"));
        finish(l, mean);
        break;
      }
      case LayerKind::add:
        finish(l, node("Add", {x, values_[static_cast<size_t>(l.inputs[1])]}, fresh("sum")));
        break;
      case LayerKind::relu:
        finish(l, x);
        break;
      case LayerKind::softmax:
        finish(l, node("Softmax", {x}, fresh("softmax"), {attribute("axis", -1)}));
        break;
    }
  }

  const Network& net_;
  const OnnxWriteOptions& options_;
  bool quantised_;
  Message graph_;
  std::vector<std::string> values_;
  int serial_ = 0;
};

}  // namespace

std::vector<uint8_t> write_onnx(const Network& network, const OnnxWriteOptions& options) {
  return OnnxWriter(network, options).write();
}

}  // namespace xedgesim::ml
