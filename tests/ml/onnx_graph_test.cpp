#include "ml/onnx_graph.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "base/error.h"
#include "base/rng.h"

namespace xedgesim::ml {
namespace {

std::vector<uint8_t> model(const std::string& name) {
  std::ifstream in(XEDGESIM_SOURCE_DIR "/models/vibration/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(OnnxGraph, CountsMultiplicationsFromTheWeights) {
  for (const char* name : {"anomaly_detector.onnx", "anomaly_detector_int8.onnx"})
    EXPECT_EQ(count_macs(parse_onnx(model(name))), uint64_t{16 * 32 + 32 * 16 + 16 * 4}) << name;
}

TEST(OnnxGraph, ReadsShapesNodesAndWeights) {
  const OnnxGraph g = parse_onnx(model("anomaly_detector_int8.onnx"));
  ASSERT_EQ(g.inputs.size(), 1u);
  EXPECT_EQ(g.inputs[0].name, "features");
  EXPECT_EQ(g.inputs[0].dims, (std::vector<int64_t>{1, 16}));
  EXPECT_EQ(g.outputs[0].dims, (std::vector<int64_t>{1, 4}));
  const OnnxTensor* w = g.initializer("w1_q");
  ASSERT_NE(w, nullptr);
  EXPECT_EQ(w->data_type, 3);
  EXPECT_EQ(w->dims, (std::vector<int64_t>{32, 16}));
  EXPECT_EQ(w->raw.size(), 32u * 16u);
  ASSERT_NE(g.producer("logits"), nullptr);
  EXPECT_EQ(g.producer("logits")->op_type, "DequantizeLinear");
  EXPECT_EQ(g.producer("features"), nullptr);
}

/// The protobuf of a field with a length.
std::string field(int number, const std::string& bytes) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  out += static_cast<char>(bytes.size());
  return out + bytes;
}
std::string number(int field_number, int value) {
  return {static_cast<char>(field_number << 3), static_cast<char>(value)};
}
std::vector<uint8_t> bytes(const std::string& text) { return {text.begin(), text.end()}; }

TEST(OnnxGraph, CountsConvolutionsWhereTheOutputShapeIsKnown) {
  const std::string node = field(1, "x") + field(1, "w") + field(2, "y") + field(4, "Conv");
  const std::string weight = number(1, 8) + number(1, 3) + number(1, 5) + number(2, 1) + field(8, "w");
  std::string shape;
  for (int d : {1, 8, 60}) shape += field(1, number(1, d));
  const std::string value = field(1, "y") + field(2, field(1, number(1, 1) + field(2, shape)));
  const std::string known = field(1, node) + field(5, weight) + field(13, value);
  EXPECT_EQ(count_macs(parse_onnx(bytes(field(7, known)))), uint64_t{8 * 3 * 5 * 60});
  const std::string unknown = field(1, node) + field(5, weight);
  EXPECT_EQ(count_macs(parse_onnx(bytes(field(7, unknown)))), std::nullopt);
}

TEST(OnnxGraph, RefusesEveryTruncation) {
  const std::vector<uint8_t> whole = model("anomaly_detector_int8.onnx");
  ASSERT_GT(whole.size(), 1000u);
  size_t refused = 0;
  for (size_t n = 0; n < whole.size(); ++n) {
    try {
      parse_onnx(std::span(whole).first(n));
    } catch (const ConfigError&) {
      ++refused;
    }
  }
  // The graph is one field of the file; only what follows it can be missing unnoticed.
  EXPECT_GT(refused, whole.size() - 32);
}

TEST(OnnxGraph, SurvivesDamage) {
  const std::vector<uint8_t> whole = model("anomaly_detector_int8.onnx");
  RandomStream random(1, "onnx", "damage");
  int refused = 0;
  for (int round = 0; round < 5000; ++round) {
    std::vector<uint8_t> damaged = whole;
    for (uint32_t i = 0, n = 1 + random.below(8); i < n; ++i)
      damaged[random.below(static_cast<uint32_t>(damaged.size()))] = static_cast<uint8_t>(random());
    try {
      count_macs(parse_onnx(damaged));
    } catch (const ConfigError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(OnnxGraph, RefusesLengthsThatOverflow) {
  EXPECT_THROW(parse_onnx(bytes("\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")), ConfigError);
  EXPECT_THROW(parse_onnx(bytes("\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")), ConfigError);
  EXPECT_THROW(parse_onnx(bytes("plain text")), ConfigError);
}

}  // namespace
}  // namespace xedgesim::ml
