// The second task, on real data: the accuracies of models/digits/metrics.json are computed again.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <cmath>
#include <optional>

#include "base/error.h"
#include "ml/data_table.h"
#include "ml/network.h"
#include "ml/onnx_model.h"
#include "ml/tflite_model.h"

namespace xedgesim::ml {
namespace {

const std::filesystem::path kDigits = XEDGESIM_SOURCE_DIR "/models/digits";

template <typename Model>
double accuracy(Model& model, const DataTable& data) {
  size_t right = 0;
  for (size_t i = 0; i < data.rows.size(); ++i)
    right += argmax(model.run(data.rows[i])) == static_cast<size_t>(data.labels[i]);
  return static_cast<double>(right) / static_cast<double>(data.rows.size());
}

double recorded(const std::string& file) {
  return YAML::LoadFile(kDigits / "metrics.json")["held_back"][file].as<double>();
}

TEST(Digits, TheDevicesModelIsAsAccurateAsRecorded) {
  const DataTable data = read_data_table(kDigits / "held_back.csv");
  ASSERT_EQ(data.labels.size(), 450u);
  TfliteModel model = TfliteModel::load(kDigits / "digits_int8.tflite");
  EXPECT_NEAR(accuracy(model, data), recorded("digits_int8.tflite"), 1e-5);
}

TEST(Digits, TheServicesModelsAreAsAccurateAsRecorded) {
  const DataTable data = read_data_table(kDigits / "held_back.csv");
  for (const char* file : {"digits.onnx", "digits_int8.onnx"}) {
    try {
      OnnxModel model = OnnxModel::load(kDigits / file);
      // Floats may differ in their last bits between processors: one row at most.
      EXPECT_NEAR(accuracy(model, data), recorded(file), 1.5 / 450) << file;
    } catch (const ConfigError& e) {
      if (std::string(e.what()).find("ONNX Runtime") == std::string::npos) throw;
      GTEST_SKIP() << e.what();
    }
  }
}

TEST(Digits, QuantisingAgainGivesTheShippedFiles) {
  const DataTable data = read_data_table(kDigits / "calibration.csv");
  const Network net = quantise(network_from_onnx(parse_onnx(read_bytes(kDigits / "digits.onnx"))), data.rows);
  EXPECT_EQ(write_onnx(net), read_bytes(kDigits / "digits_int8.onnx"));
  EXPECT_EQ(write_tflite(net), read_bytes(kDigits / "digits_int8.tflite"));
}

TEST(Digits, EveryCutGivesTheUncutAnswer) {
  const Network whole = network_from_onnx(parse_onnx(read_bytes(kDigits / "digits_int8.onnx")));
  const DataTable data = read_data_table(kDigits / "held_back.csv");
  TfliteModel uncut(write_tflite(whole), "uncut");
  for (int after = 0; after + 1 < static_cast<int>(whole.layers.size()); ++after) {
    const SplitNetwork parts = split(whole, after);
    TfliteModel device(write_tflite(parts.device, false), "device part");
    std::optional<OnnxModel> rest;
    try {
      rest = OnnxModel::parse(write_onnx(parts.rest, {.codes_in = true, .codes = {}}), "rest");
    } catch (const ConfigError& e) {
      if (std::string(e.what()).find("ONNX Runtime") == std::string::npos) throw;
      GTEST_SKIP() << e.what();
    }
    int same = 0;
    for (int i = 0; i < 100; ++i) {
      const auto& row = data.rows[static_cast<size_t>(i)];
      device.run(row);
      const auto codes = device.codes();
      const std::vector<float> sent(codes.begin(), codes.end());
      EXPECT_EQ(static_cast<int64_t>(sent.size()), parts.rest.in().elements());
      same += argmax(rest->run(sent)) == argmax(uncut.run(row));
    }
    EXPECT_GE(same, 99) << "cut behind layer " << after;
  }
}

TEST(DataTable, SaysWhereAFileIsWrong) {
  const auto file = std::filesystem::path(::testing::TempDir()) / "table.csv";
  const auto sentence = [&](const std::string& text) -> std::string {
    write_bytes(file, {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    try {
      read_data_table(file);
    } catch (const ConfigError& e) {
      return std::string(e.what()).substr(file.string().size());
    }
    return "accepted";
  };
  EXPECT_EQ(sentence("1,2\n3,nan\n"), ":2: column 2: 'nan' is not a finite number");
  EXPECT_EQ(sentence("1,2\n3\n"), ":2: 1 columns where the first line has 2");
  EXPECT_EQ(sentence("a,label\n1,x\n"), ":2: column 2: 'x' is not a number");
  EXPECT_EQ(sentence("a,label\n1,1.5\n"), ":2: the label '1.5' is no class number");
  EXPECT_EQ(sentence("1,2\n"), "accepted");
  EXPECT_THROW(read_data_table("/nowhere.csv"), ConfigError);
  write_bytes(file, {});
  EXPECT_THROW(read_data_table(file), ConfigError);
}

TEST(Quantise, RefusesWhatItCannotUse) {
  const Network net = network_from_onnx(parse_onnx(read_bytes(kDigits / "digits.onnx")));
  EXPECT_THROW(quantise(net, {}), ConfigError);
  EXPECT_THROW(quantise(net, {std::vector<float>(63)}), ConfigError);
  std::vector<float> row(64);
  row[5] = NAN;
  EXPECT_THROW(quantise(net, {row}), ConfigError);
  EXPECT_THROW(split(net, 5), ConfigError);
  EXPECT_THROW(split(net, -1), ConfigError);
}

}  // namespace
}  // namespace xedgesim::ml
