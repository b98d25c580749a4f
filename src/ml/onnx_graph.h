#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace xedgesim::ml {

/// What xedgesim itself needs to know of an .onnx file, read straight from its protobuf encoding (onnx.proto,
/// IR version 3 and later): weights and layers, to count operations and to check models without a runtime.
/// Limits: the main graph only; no sub-graphs, no external data; of attributes the numbers and tensors.
struct OnnxTensor {
  std::string name;
  std::vector<int64_t> dims;
  int32_t data_type = 0;     ///< TensorProto.DataType: 1 float, 3 int8, 6 int32, 7 int64, ...
  std::vector<uint8_t> raw;  ///< raw_data, little-endian; empty when the file uses the typed fields
  std::vector<float> float_data;
  std::vector<int64_t> integer_data;  ///< int32_data or int64_data
  int64_t elements() const;           ///< product of dims; 1 for a scalar
  /// The values of a float tensor. ConfigError with half a sentence when it is none or their count is wrong.
  std::vector<float> floats() const;
  /// The values of an int8, uint8, int32 or int64 tensor, likewise.
  std::vector<int64_t> integers() const;
};

/// One attribute of an operator; what its type does not use is empty.
struct OnnxAttribute {
  std::string name;
  float number = 0;
  int64_t integer = 0;
  std::string text;
  std::vector<int64_t> integers;
  std::vector<OnnxTensor> tensor;  ///< one or none
};

struct OnnxNode {
  std::string name, op_type;
  std::vector<std::string> inputs, outputs;
  std::vector<OnnxAttribute> attributes;

  const OnnxAttribute* attribute(std::string_view name) const;
  int64_t integer(std::string_view name, int64_t otherwise) const;
  std::vector<int64_t> integers(std::string_view name) const;  ///< empty when absent
};

struct OnnxValue {
  std::string name;
  std::vector<int64_t> dims;  ///< -1 where free
};

struct OnnxGraph {
  std::vector<OnnxNode> nodes;
  std::vector<OnnxTensor> initializers;
  std::vector<OnnxValue> inputs, outputs, values;

  const OnnxTensor* initializer(std::string_view name) const;
  /// The node that gives `value`, or null.
  const OnnxNode* producer(std::string_view value) const;
};

/// Throws ConfigError with half a sentence ("the file is cut short or not an ONNX model") on anything
/// malformed.
OnnxGraph parse_onnx(std::span<const uint8_t> file);

/// Multiply-accumulate operations of one inference with batch 1, from the weights of Gemm, MatMul and Conv.
/// None when a Conv's output shape is not in the file or a weight is computed at run time.
std::optional<uint64_t> count_macs(const OnnxGraph& graph);

}  // namespace xedgesim::ml
