#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace xedgesim::ml {

/// What xedgesim itself needs to know of an .onnx file, read straight from its protobuf encoding (onnx.proto,
/// IR version 3 and later): weights and layers, to count operations and to check models without a runtime.
/// Limits: the main graph only; no attributes, no sub-graphs, no external data.
struct OnnxTensor {
  std::string name;
  std::vector<int64_t> dims;
  int32_t data_type = 0;     ///< TensorProto.DataType: 1 float, 3 int8, 6 int32, 7 int64, ...
  std::vector<uint8_t> raw;  ///< raw_data, little-endian; empty when the file uses the typed fields
  int64_t elements() const;  ///< product of dims; 1 for a scalar
};

struct OnnxNode {
  std::string name, op_type;
  std::vector<std::string> inputs, outputs;
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
