#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ml/onnx_graph.h"

namespace xedgesim::ml {

/// int8: real value = scale * (q - zero).
struct Quantization {
  float scale = 1;
  int32_t zero = 0;
  bool operator==(const Quantization&) const = default;
  int8_t quantize(float value) const;  ///< nearest, halves to even as ONNX has it; saturated
  float real(int32_t q) const { return scale * static_cast<float>(q - zero); }
};

/// Values between layers. Dimensions as ONNX has them, batch 1 first: [1, n] or [1, channels, height, width];
/// one-dimensional signals have the height 1.
struct NetworkTensor {
  std::string name;
  std::vector<int64_t> dims;
  std::optional<Quantization> quantization;  ///< of the values as int8
  int64_t elements() const;
  bool is_image() const { return dims.size() == 4; }
};

enum class LayerKind {
  normalise,  ///< (x - subtract) * multiply, in floats
  dense,
  convolution,
  depthwise,
  max_pool,
  average_pool,
  global_average,
  add,  ///< of two tensors
  relu,
  softmax,
};
std::string_view to_string(LayerKind kind);

enum class Activation { none, relu, relu6 };

/// One layer with what is computed at once with it (bias, ReLU). Weights in ONNX order: dense [out][in],
/// convolution [out][in][h][w], depthwise [out][1][h][w].
struct Layer {
  LayerKind kind{};
  std::string name;
  std::vector<int> inputs;
  int output = -1;
  Activation activation = Activation::none;
  std::vector<float> weights, bias;       ///< bias: one an output
  std::vector<float> subtract, multiply;  ///< normalise: one an element
  std::vector<int8_t> weights_q;          ///< of a quantised network
  std::vector<float> weight_scales;       ///< one, or one an output
  std::vector<int32_t> bias_q;            ///< in units of input scale * weight scale
  int64_t kernel[2] = {1, 1}, stride[2] = {1, 1}, dilation[2] = {1, 1};  ///< height, width
  int64_t pads[4] = {0, 0, 0, 0};                                        ///< top, left, bottom, right

  bool has_weights() const {
    return kind == LayerKind::dense || kind == LayerKind::convolution || kind == LayerKind::depthwise;
  }
  int64_t outputs() const { return static_cast<int64_t>(bias.size()); }
};

/// A feed-forward network in the form from which all files are written and which is cut for split placement:
/// layers in the order of execution, each giving one tensor. A flattening has no layer: a dense layer takes
/// the elements of an image in ONNX order (channels first).
struct Network {
  std::vector<NetworkTensor> tensors;
  std::vector<Layer> layers;
  int input = -1, output = -1;

  const NetworkTensor& in() const { return tensors[static_cast<size_t>(input)]; }
  const NetworkTensor& out() const { return tensors[static_cast<size_t>(output)]; }
  /// Every layer with weights has int8 weights and every tensor between layers a scale.
  bool quantised() const;
  uint64_t macs() const;  ///< multiply-accumulates of one inference
  uint64_t macs_of(const Layer& layer) const;
};

/// From an ONNX model, fp32 or quantised with QuantizeLinear/DequantizeLinear pairs (int8 or uint8
/// activations, int8 weights). Throws ConfigError with half a sentence that names the operator which is not
/// supported. Operators: Gemm, MatMul, Conv, MaxPool, AveragePool, GlobalAveragePool, ReduceMean over height
/// and width, Relu, Clip to [0, 6], Add, Softmax, Flatten, Reshape to [1, n], BatchNormalization after a
/// weight layer, Sub, Mul, Div with constants at the input, Identity, Dropout.
Network network_from_onnx(const OnnxGraph& graph);

/// All tensors for one input, in floats (ONNX order); [i] belongs to tensors[i]. Not quantised, also when the
/// network is: this is the reference for choosing ranges.
std::vector<std::vector<float>> evaluate(const Network& network, std::span<const float> input);

/// The network with int8 weights and scales of its tensors, from the values that `inputs` cause: between the
/// 0.01st and the 99.99th percentile. Weights are symmetric, with one scale a dense layer and one a channel
/// otherwise. ConfigError when `inputs` is empty, has the wrong size, or holds a value that is not finite.
Network quantise(const Network& network, const std::vector<std::vector<float>>& inputs);

struct SplitNetwork {
  Network device, rest;
};
/// Cuts behind layer `last_device_layer`; the rest's input is the tensor between the two. ConfigError when
/// more than one tensor would cross, or one part were empty.
SplitNetwork split(const Network& network, int last_device_layer);

/// An ONNX file: with QuantizeLinear/DequantizeLinear pairs when the network is quantised, else in floats.
/// `codes_in`: the input is the int8 codes of the input tensor as floats, in the order in which the device
/// sends them (channels last), and is dequantised first.
struct OnnxWriteOptions {
  bool codes_in = false;
  std::optional<Quantization> codes;  ///< of the codes; absent: the input tensor's own
};
std::vector<uint8_t> write_onnx(const Network& network, const OnnxWriteOptions& options = {});

/// An int8 .tflite file of a quantised network: float32 input, float32 output (`float_output`) or the int8
/// tensor. ConfigError with half a sentence for what the format cannot say (a padding that is neither SAME
/// nor VALID). Images are channels last in the file.
std::vector<uint8_t> write_tflite(const Network& network, bool float_output = true);

}  // namespace xedgesim::ml
