// Models as other tools write them, and what is said of those that cannot be run.
#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "base/rng.h"
#include "ml/network.h"

namespace xedgesim::ml {
namespace {

OnnxTensor floats(const std::string& name, std::vector<int64_t> dims, std::vector<float> values) {
  OnnxTensor t;
  t.name = name;
  t.dims = std::move(dims);
  t.data_type = 1;
  t.float_data = std::move(values);
  return t;
}

OnnxTensor integers(const std::string& name, std::vector<int64_t> values) {
  OnnxTensor t;
  t.name = name;
  t.dims = {static_cast<int64_t>(values.size())};
  t.data_type = 7;
  t.integer_data = std::move(values);
  return t;
}

OnnxNode node(const std::string& op, std::vector<std::string> inputs, const std::string& output) {
  OnnxNode n;
  n.op_type = op;
  n.name = "/" + op;
  n.inputs = std::move(inputs);
  n.outputs = {output};
  return n;
}

/// x [1, 2] -> Gemm -> g [1, 2], and what a test adds.
OnnxGraph dense_graph(std::vector<OnnxNode> more, const std::string& output) {
  OnnxGraph g;
  g.inputs = {{"x", {1, 2}}};
  g.outputs = {{output, {1, 2}}};
  g.initializers = {floats("w", {2, 2}, {1, 0, 0, 1}), floats("b", {2}, {0, 0})};
  g.nodes = {node("Gemm", {"x", "w", "b"}, "g")};
  for (OnnxNode& n : more) g.nodes.push_back(std::move(n));
  return g;
}

std::string refused(const OnnxGraph& g) {
  try {
    network_from_onnx(g);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "accepted";
}

TEST(NetworkFromOnnx, PyTorchsPadOfNothingIsNoLayer) {
  OnnxGraph g;
  g.inputs = {{"x", {1, 1, 4, 4}}};
  g.outputs = {{"y", {1, 1, 2, 2}}};
  g.initializers = {integers("none", {0, 0, 0, 0, 0, 0, 0, 0})};
  OnnxNode pool = node("AveragePool", {"padded"}, "y");
  OnnxAttribute shape;
  shape.name = "kernel_shape";
  shape.integers = {2, 2};
  pool.attributes.push_back(shape);
  shape.name = "strides";
  pool.attributes.push_back(shape);
  g.nodes = {node("Pad", {"x", "none"}, "padded"), pool};
  const Network net = network_from_onnx(g);
  ASSERT_EQ(net.layers.size(), 1u);
  std::vector<float> input(16);
  for (size_t i = 0; i < 16; ++i) input[i] = static_cast<float>(i);
  EXPECT_EQ(evaluate(net, input)[static_cast<size_t>(net.output)],
            (std::vector<float>{2.5, 4.5, 10.5, 12.5}));
  g.initializers[0].integer_data[2] = 1;
  EXPECT_EQ(refused(g), "operator Pad '/Pad' pads: give the padding to the Conv or pool behind it");
}

TEST(NetworkFromOnnx, AReluIsNotFusedIntoWhatOthersReadToo) {
  // g + relu(g): the sum reads g under its own name, the Relu under another.
  const auto g = dense_graph(
      {node("Identity", {"g"}, "same"), node("Relu", {"same"}, "r"), node("Add", {"g", "r"}, "y")}, "y");
  const Network net = network_from_onnx(g);
  EXPECT_EQ(evaluate(net, std::vector<float>{-3, 5})[static_cast<size_t>(net.output)],
            (std::vector<float>{-3, 10}));
  const auto alone =
      network_from_onnx(dense_graph({node("Identity", {"g"}, "same"), node("Relu", {"same"}, "y")}, "y"));
  EXPECT_EQ(alone.layers.size(), 1u);
  // The model's output is g itself.
  EXPECT_EQ(network_from_onnx(dense_graph({node("Relu", {"g"}, "r")}, "g")).layers[0].activation,
            Activation::none);
}

TEST(NetworkFromOnnx, OperatorsAreRefusedByName) {
  for (const char* op : {"LSTM", "GRU", "Sigmoid", "Tanh", "LeakyRelu", "ConvTranspose", "Resize", "Gather",
                         "Transpose", "Attention", "If", "Loop"})
    EXPECT_EQ(refused(dense_graph({node(op, {"g"}, "y")}, "y")),
              std::string("operator ") + op + " '/" + op + "' is not supported");
}

TEST(NetworkFromOnnx, ShapesAndCountsAreNamed) {
  auto g = dense_graph({}, "g");
  g.inputs[0].dims = {1, 3, -1, 8};
  EXPECT_EQ(refused(g),
            "its input 'x' must have the shape [1, n], [1, c, l] or [1, c, h, w], all sizes but the first "
            "fixed; it has [1, 3, ?, 8]");
  g = dense_graph({}, "g");
  g.outputs.push_back({"x", {1, 2}});
  EXPECT_EQ(refused(g), "the model has 1 inputs and 2 outputs: it must have one of each");
  g = dense_graph({}, "g");
  g.inputs[0].dims = {1, 5};
  EXPECT_EQ(refused(g), "operator Gemm '/Gemm' takes 2 values, but its input has 5");
  g = dense_graph({}, "nowhere");
  EXPECT_EQ(refused(g), "nothing computes the model's output");
}

TEST(NetworkFromOnnx, NumbersThatAreNoneAreRefused) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  auto g = dense_graph({}, "g");
  g.initializers[0].float_data[1] = nan;
  EXPECT_EQ(refused(g), "operator Gemm '/Gemm' has a weight that is not a finite number");
  g = dense_graph({}, "g");
  g.initializers[1].float_data[1] = -std::numeric_limits<float>::infinity();
  EXPECT_EQ(refused(g), "operator Gemm '/Gemm' has a bias that is not a finite number");
}

/// Graphs whose names, shapes and constants are mixed up end in a sentence or in a network that can be
/// evaluated.
TEST(NetworkFromOnnx, SurvivesGraphsThatMakeNoSense) {
  const char* const ops[] = {"Gemm",
                             "MatMul",
                             "Conv",
                             "MaxPool",
                             "AveragePool",
                             "GlobalAveragePool",
                             "Relu",
                             "Clip",
                             "Add",
                             "Sub",
                             "Mul",
                             "Div",
                             "Pad",
                             "Flatten",
                             "Reshape",
                             "BatchNormalization",
                             "Softmax",
                             "QuantizeLinear",
                             "DequantizeLinear",
                             "Identity",
                             "ReduceMean"};
  RandomStream random(3, "onnx", "nonsense");
  const auto any = [&](uint32_t n) { return random.below(n); };
  int accepted = 0, refusals = 0;
  for (int round = 0; round < 4000; ++round) {
    OnnxGraph g;
    g.inputs = {{"v0", any(2) ? std::vector<int64_t>{1, 4} : std::vector<int64_t>{1, 2, 4, 4}}};
    for (int i = 0; i < 4; ++i) {
      std::vector<int64_t> dims(1 + any(4));
      int64_t elements = 1;
      for (int64_t& d : dims) elements *= d = 1 + any(3);
      std::vector<float> values(static_cast<size_t>(elements) + (any(20) == 0));
      for (float& v : values) v = static_cast<float>(any(7)) - 3;
      g.initializers.push_back(floats("c" + std::to_string(i), dims, values));
    }
    g.initializers.push_back(
        integers("c4", {static_cast<int64_t>(any(3)) - 1, static_cast<int64_t>(any(40)) - 1}));
    const uint32_t count = 1 + any(5);
    for (uint32_t i = 0; i < count; ++i) {
      std::vector<std::string> inputs;
      for (uint32_t k = 0, n = 1 + any(4); k < n; ++k)
        inputs.push_back(k == 0 && any(8) ? "v" + std::to_string(i - (i > 0 ? any(2) : 0))
                         : any(3)         ? "c" + std::to_string(any(5))
                                          : "v" + std::to_string(any(i + 1)));
      OnnxNode n = node(ops[any(std::size(ops))], inputs, "v" + std::to_string(i + 1));
      if (any(2)) {
        OnnxAttribute a;
        const char* const names[] = {"kernel_shape", "strides", "pads", "dilations", "axes"};
        a.name = names[any(5)];
        for (uint32_t k = 0, m = any(5); k < m; ++k) a.integers.push_back(static_cast<int64_t>(any(5)) - 1);
        n.attributes.push_back(a);
      }
      g.nodes.push_back(n);
    }
    g.outputs = {{"v" + std::to_string(count), {}}};
    try {
      const Network net = network_from_onnx(g);
      const std::vector<float> input(static_cast<size_t>(net.in().elements()), 0.5f);
      EXPECT_EQ(evaluate(net, input).size(), net.tensors.size());
      ++accepted;
    } catch (const ConfigError& e) {
      EXPECT_GT(std::string(e.what()).size(), 10u);
      ++refusals;
    }
  }
  EXPECT_GT(accepted, 100);
  EXPECT_GT(refusals, 1000);
}

}  // namespace
}  // namespace xedgesim::ml
