#include "ml/onnx_model.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/rng.h"
#include "ml/onnx_graph.h"
#include "ml/vibration_windows.h"

namespace xedgesim::ml {
namespace {

const std::filesystem::path kModels = XEDGESIM_SOURCE_DIR "/models/vibration";

std::vector<uint8_t> bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string sentence_of(const std::filesystem::path& file, const OnnxOptions& options = {}) {
  try {
    OnnxModel::load(file, options);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "no error";
}

/// Held-back windows as metrics.json names them; generated once.
const std::vector<VibrationWindow>& held_back() {
  static const std::vector<VibrationWindow> windows = [] {
    const YAML::Node data = YAML::LoadFile(kModels / "metrics.json")["data"]["held_back"];
    return vibration_windows(
        {data["seed"].as<uint64_t>(), data["devices"].as<int>(), data["windows_per_device"].as<int>()});
  }();
  return windows;
}

std::vector<float> values(const VibrationWindow& window) {
  std::vector<float> v;
  for (int16_t q : window.features_q8) v.push_back(static_cast<float>(q) / 256.0f);
  return v;
}

class OnnxModelTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string sentence = sentence_of(kModels / "anomaly_detector.onnx");
    if (sentence.find("ONNX Runtime is missing") != std::string::npos ||
        sentence.find("built without ONNX Runtime") != std::string::npos)
      GTEST_SKIP() << sentence;
  }

  std::filesystem::path write(const std::string& name, std::span<const uint8_t> content) {
    const auto file = std::filesystem::path(testing::TempDir()) /
                      (std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + name);
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
    return file;
  }
};

TEST(OnnxModelNoise, DebiansLibraryDoesNotComplain) {
  testing::internal::CaptureStderr();
  sentence_of(kModels / "anomaly_detector.onnx");
  EXPECT_EQ(testing::internal::GetCapturedStderr().find("Schema error"), std::string::npos);
}

TEST_F(OnnxModelTest, DescribesItself) {
  for (const char* name : {"anomaly_detector.onnx", "anomaly_detector_int8.onnx"}) {
    const OnnxModel m = OnnxModel::load(kModels / name);
    EXPECT_EQ(m.input_name(), "features");
    EXPECT_EQ(m.output_name(), "logits");
    EXPECT_EQ(m.input_shape(), (std::vector<int64_t>{1, 16}));
    EXPECT_EQ(m.output_shape(), (std::vector<int64_t>{1, 4}));
    EXPECT_EQ(m.input_size(), 16u);
    EXPECT_EQ(m.macs(), 1088u);
  }
}

TEST_F(OnnxModelTest, HasTheAccuracyThatItsMetricsState) {
  const YAML::Node metrics = YAML::LoadFile(kModels / "metrics.json")["held_back"];
  for (const char* name : {"anomaly_detector.onnx", "anomaly_detector_int8.onnx"}) {
    OnnxModel m = OnnxModel::load(kModels / name);
    int right = 0, confusion[kLabelCount][kLabelCount] = {};
    for (const VibrationWindow& w : held_back()) {
      const size_t guess = argmax(m.run(values(w)));
      right += guess == static_cast<size_t>(w.truth.label);
      ++confusion[static_cast<size_t>(w.truth.label)][guess];
    }
    const double accuracy = right / static_cast<double>(held_back().size());
    const double stated = metrics[name]["accuracy"].as<double>();
    EXPECT_GT(stated, 0.93) << name;
    // Floats may tip a window that lies between two classes; integers may not.
    const bool int8 = std::string(name).find("int8") != std::string::npos;
    EXPECT_NEAR(accuracy, stated, int8 ? 1e-5 : 5e-4) << name;
    if (!int8) continue;
    for (size_t t = 0; t < kLabelCount; ++t)
      for (size_t g = 0; g < kLabelCount; ++g)
        EXPECT_EQ(confusion[t][g], metrics[name]["confusion_rows_true"][t][g].as<int>()) << t << ',' << g;
  }
}

/// The int8 model evaluated in integers from the weights in its file.
class IntegerReference {
 public:
  explicit IntegerReference(const std::filesystem::path& file) : graph_(parse_onnx(bytes_of(file))) {}

  std::vector<float> run(const std::vector<float>& features) const {
    const auto mean = get<float>("mean"), scale = get<float>("scale");
    std::vector<int> x(features.size());
    for (size_t i = 0; i < x.size(); ++i) {
      const float centred = features[i] - mean[i];
      const float normal = centred * scale[i];
      x[i] = clip(std::nearbyint(normal / one<float>("x0_scale")) + one<int8_t>("x0_zero"));
    }
    for (int layer = 1; layer <= 3; ++layer) {
      const std::string before = fmt::format("x{}", layer - 1);
      const auto w = get<int8_t>(fmt::format("w{}_q", layer));
      const auto bias = get<int32_t>(fmt::format("b{}_q", layer));
      const int zero = one<int8_t>(before + "_zero");
      const float multiplier = one<float>(before + "_scale") * one<float>(fmt::format("w{}_scale", layer)) /
                               one<float>(fmt::format("x{}_scale", layer));
      std::vector<int> y(bias.size());
      for (size_t o = 0; o < y.size(); ++o) {
        int32_t sum = bias[o];
        for (size_t i = 0; i < x.size(); ++i) sum += (x[i] - zero) * w[o * x.size() + i];
        y[o] = clip(std::nearbyint(static_cast<float>(sum) * multiplier) +
                    one<int8_t>(fmt::format("x{}_zero", layer)));
      }
      x = y;
    }
    std::vector<float> logits;
    for (int v : x) logits.push_back(static_cast<float>(v - one<int8_t>("x3_zero")) * one<float>("x3_scale"));
    return logits;
  }

 private:
  static int clip(float v) { return static_cast<int>(std::min(127.0f, std::max(-128.0f, v))); }

  template <typename T>
  std::vector<T> get(const std::string& name) const {
    const OnnxTensor* t = graph_.initializer(name);
    if (!t || t->raw.size() % sizeof(T) != 0) throw std::runtime_error("no weight " + name);
    std::vector<T> v(t->raw.size() / sizeof(T));
    std::memcpy(v.data(), t->raw.data(), t->raw.size());
    return v;
  }
  template <typename T>
  T one(const std::string& name) const {
    return get<T>(name).at(0);
  }

  OnnxGraph graph_;
};

TEST_F(OnnxModelTest, Int8IsExactToTheBit) {
  const auto file = kModels / "anomaly_detector_int8.onnx";
  const IntegerReference reference(file);
  OnnxModel m = OnnxModel::load(file);
  for (size_t i = 0; i < held_back().size(); ++i) {
    const std::vector<float> x = values(held_back()[i]);
    ASSERT_EQ(m.run(x), reference.run(x)) << "window " << i;
  }
  // Far outside of what was trained: saturation everywhere.
  RandomStream random(3, "onnx", "wild");
  for (int i = 0; i < 3000; ++i) {
    std::vector<float> x(16);
    for (float& v : x) v = static_cast<float>(random.uniform(-128, 128));
    ASSERT_EQ(m.run(x), reference.run(x)) << "wild input " << i;
  }
}

TEST_F(OnnxModelTest, RepeatsItself) {
  OnnxModel first = OnnxModel::load(kModels / "anomaly_detector.onnx");
  OnnxModel second = OnnxModel::load(kModels / "anomaly_detector.onnx");
  for (size_t i = 0; i < 300; ++i) {
    const std::vector<float> x = values(held_back()[i]);
    const auto y = first.run(x);
    ASSERT_EQ(y, first.run(x));
    ASSERT_EQ(y, second.run(x));
  }
}

TEST_F(OnnxModelTest, RefusesWrongInput) {
  OnnxModel m = OnnxModel::load(kModels / "anomaly_detector.onnx");
  for (size_t n : {0u, 1u, 15u, 17u, 10000u}) {
    try {
      m.run(std::vector<float>(n, 1.0f));
      ADD_FAILURE() << n << " values were accepted";
    } catch (const ConfigError& e) {
      EXPECT_NE(std::string(e.what()).find("takes 16 values (features [1, 16]), but was given"),
                std::string::npos)
          << e.what();
    }
  }
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::vector<float> x(16, 0.5f);
    x[7] = bad;
    try {
      m.run(x);
      ADD_FAILURE() << bad << " was accepted";
    } catch (const SimulationError& e) {
      EXPECT_NE(std::string(e.what()).find("value 7 of the input"), std::string::npos) << e.what();
    }
  }
}

TEST_F(OnnxModelTest, RefusesTruncatedFiles) {
  const auto whole = bytes_of(kModels / "anomaly_detector_int8.onnx");
  for (size_t n : {size_t{0}, size_t{1}, size_t{10}, whole.size() / 4, whole.size() / 2, whole.size() - 40}) {
    const auto file = write(".onnx", std::span(whole).first(n));
    const std::string sentence = sentence_of(file);
    EXPECT_NE(sentence.find("cannot load the model '" + file.string() + "': "), std::string::npos)
        << sentence;
    EXPECT_EQ(sentence.find('\n'), std::string::npos) << sentence;
  }
}

TEST_F(OnnxModelTest, SurvivesDamagedFiles) {
  const auto whole = bytes_of(kModels / "anomaly_detector_int8.onnx");
  RandomStream random(2, "onnx", "damage");
  int refused = 0;
  for (int round = 0; round < 300; ++round) {
    auto damaged = whole;
    for (uint32_t i = 0, n = 1 + random.below(6); i < n; ++i)
      damaged[random.below(static_cast<uint32_t>(damaged.size()))] ^=
          static_cast<uint8_t>(1 + random.below(255));
    refused += sentence_of(write(".onnx", damaged)) != "no error";
  }
  EXPECT_GT(refused, 50);
}

TEST_F(OnnxModelTest, RefusesModelsOfAnotherForm) {
  // The committed model with "Relu" renamed: a valid file with an operator that does not exist.
  auto renamed = bytes_of(kModels / "anomaly_detector.onnx");
  const char relu[] = {'R', 'e', 'l', 'u'};
  const auto at = std::search(renamed.begin(), renamed.end(), std::begin(relu), std::end(relu));
  ASSERT_NE(at, renamed.end());
  *at = 'Q';
  EXPECT_NE(sentence_of(write(".onnx", renamed)).find("Qelu"), std::string::npos);
}

TEST(OnnxModelFile, ErrorsNameTheFile) {
  EXPECT_NE(sentence_of("no/such.onnx").find("cannot load the model 'no/such.onnx': there is no such file"),
            std::string::npos);
  EXPECT_NE(sentence_of("/tmp").find("it is not a file"), std::string::npos);
}

TEST_F(OnnxModelTest, SaysWhatToDoWithoutTheLibrary) {
  const auto model = kModels / "anomaly_detector.onnx";
  const std::string missing = sentence_of(model, {"/nowhere/libonnxruntime.so"});
  EXPECT_NE(missing.find("ONNX Runtime is missing"), std::string::npos) << missing;
  EXPECT_NE(missing.find("run scripts/setup"), std::string::npos) << missing;
  const std::string other = sentence_of(model, {"libm.so.6"});
  EXPECT_NE(other.find("is not ONNX Runtime"), std::string::npos) << other;
}

TEST(Softmax, IsStableAndSumsToOne) {
  const std::vector<float> logits{1000.0f, 1001.0f, 999.0f, -1000.0f};
  const auto p = softmax(logits);
  double sum = 0;
  for (double v : p) sum += v;
  EXPECT_NEAR(sum, 1, 1e-15);
  EXPECT_NEAR(p[1] / p[0], std::exp(1.0), 1e-12);
  EXPECT_EQ(argmax(logits), 1u);
  EXPECT_TRUE(softmax({}).empty());
}

}  // namespace
}  // namespace xedgesim::ml
