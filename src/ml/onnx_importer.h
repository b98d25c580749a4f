#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ml/network.h"

namespace xedgesim::ml {

/// Throws ConfigError with the operator, its name and `what`.
[[noreturn]] void refuse_operator(const OnnxNode& n, const std::string& what);

/// Constants that a weight is made from: floats, and int8 with scales when the file has them quantised.
struct OnnxConstant {
  std::vector<int64_t> dims;
  std::vector<float> values;
  std::vector<int64_t> codes;
  std::vector<float> scales;
  int64_t axis = 0;
};

/// Builds a Network from a graph, node by node in the file's order. Each operator is read in the file of its
/// kind: onnx_import_weights.cpp, _dense.cpp, _windows.cpp, _elements.cpp.
class OnnxImporter {
 public:
  explicit OnnxImporter(const OnnxGraph& graph) : graph_(graph) {}
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
  void pad(const OnnxNode& n);

  // What operators need of the graph as it stands.
  const std::string& input(const OnnxNode& n, size_t i) const;
  bool has_input(const OnnxNode& n, size_t i) const { return i < n.inputs.size() && !n.inputs[i].empty(); }
  /// The tensor a value is; -1 for a constant.
  int tensor(const std::string& value) const;
  int activation_input(const OnnxNode& n, size_t i = 0) const;
  NetworkTensor& at(int t) { return net_.tensors[static_cast<size_t>(t)]; }
  const OnnxConstant& constant(const OnnxNode& n, size_t i) const;
  void add_constant(const OnnxTensor& t);
  int new_tensor(const std::string& name, std::vector<int64_t> dims);
  Layer& new_layer(const OnnxNode& n, LayerKind kind, std::vector<int> inputs, std::vector<int64_t> out_dims);
  /// The layer that gives `t` when nothing else reads `t` and it has no scale yet: what follows can be fused.
  Layer* fusable(int t, const std::string& value);
  /// What `n` gives is the tensor `t`.
  void alias(const OnnxNode& n, int t);
  void set_weights(const OnnxNode& n, Layer& l, const OnnxConstant& w, size_t bias, int64_t outputs);
  std::vector<int64_t> window_output(const OnnxNode& n, const std::vector<int64_t>& in, int64_t out_channels,
                                     const std::vector<int64_t>& kernel, Layer& geometry);

  const OnnxGraph& graph_;
  Network net_;
  std::map<std::string, int> tensor_of_;
  std::map<std::string, OnnxConstant> constants_;
  std::map<std::string, int> uses_;
  std::map<int, bool> flattened_;  // tensors seen as a row of elements from here on
  std::set<int> shared_;           // tensors read under more names than the last one
};

}  // namespace xedgesim::ml
