// The firmware's .tflite interpreter, on the host: against Arm NN, against ONNX Runtime, against hostile
// files.
#include "ml/tflite_model.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "firmware/nn/nn.h"
#include "ml/data_table.h"
#include "ml/onnx_model.h"
#include "ml/vibration_windows.h"
#include "networks.h"

namespace xedgesim::ml {
namespace {

using testing::all_networks;
const std::filesystem::path kModels = XEDGESIM_SOURCE_DIR "/models/vibration";

std::vector<float> values(const VibrationWindow& window) {
  std::vector<float> v;
  for (int16_t q : window.features_q8) v.push_back(static_cast<float>(q) / 256.0f);
  return v;
}

/// The held-back set of models/vibration/metrics.json.
const std::vector<VibrationWindow>& held_back() {
  static const auto windows = vibration_windows({.seed = 2002, .devices = 40, .windows_per_device = 100});
  return windows;
}

Network imported(const std::filesystem::path& file) {
  return network_from_onnx(parse_onnx(read_bytes(file)));
}

std::filesystem::path temporary(const std::string& name) {
  return std::filesystem::path(::testing::TempDir()) /
         (std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) + "_" + name);
}

/// What a QDQ network has to answer, by ONNX Runtime; empty when that is missing.
std::vector<std::vector<float>> by_onnx_runtime(const Network& net,
                                                const std::vector<std::vector<float>>& inputs) {
  const auto file = temporary("model.onnx");
  write_bytes(file, write_onnx(net));
  std::vector<std::vector<float>> out;
  try {
    OnnxModel model = OnnxModel::load(file);
    for (const auto& row : inputs) out.push_back(model.run(row));
  } catch (const ConfigError& e) {
    if (std::string(e.what()).find("ONNX Runtime") == std::string::npos) throw;
    return {};
  }
  return out;
}

/// NCHW to NHWC, as the file's input wants it.
std::vector<float> channels_last(const std::vector<float>& v, const std::vector<int64_t>& d) {
  if (d.size() != 4) return v;
  const auto c = static_cast<size_t>(d[1]), area = static_cast<size_t>(d[2] * d[3]);
  std::vector<float> out(v.size());
  for (size_t i = 0; i < v.size(); ++i) out[i] = v[i % c * area + i / c];
  return out;
}

/// Greatest difference in units of the output's last place.
int worst(const std::vector<std::vector<float>>& a, const std::vector<std::vector<float>>& b, float scale) {
  long most = 0;
  EXPECT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].size(), b[i].size());
    for (size_t k = 0; k < a[i].size(); ++k)
      most = std::max(most, std::labs(std::lround((a[i][k] - b[i][k]) / scale)));
  }
  return static_cast<int>(most);
}

struct Quantised {
  Network network;
  std::vector<uint8_t> file;
  std::vector<std::vector<float>> inputs, device_inputs, outputs;  ///< outputs of the interpreter
  float scale = 1;
};

Quantised quantised(const Network& q, const std::vector<std::vector<float>>& inputs) {
  Quantised r{.network = q, .file = write_tflite(q), .inputs = inputs, .device_inputs = {}, .outputs = {}};
  TfliteModel model(r.file, "test");
  for (const auto& row : inputs) {
    r.device_inputs.push_back(channels_last(row, q.in().dims));
    r.outputs.push_back(model.run(r.device_inputs.back()));
  }
  r.scale = q.out().quantization->scale;
  return r;
}

std::vector<Quantised> random_networks(std::vector<std::pair<std::string, testing::NetworkMaker>> makers) {
  std::vector<Quantised> list;
  for (auto& [name, maker] : makers) {
    const auto calibration = maker.inputs(50);
    const Network q = quantise(maker.done(), calibration);
    list.push_back(quantised(q, maker.inputs(200)));
  }
  return list;
}

Quantised vibration() {
  std::vector<std::vector<float>> rows;
  for (const VibrationWindow& w : held_back()) rows.push_back(values(w));
  return quantised(imported(kModels / "anomaly_detector_int8.onnx"), rows);
}

TEST(Tflite, TheShippedFileIsTheShippedOnnxModel) {
  EXPECT_EQ(read_bytes(kModels / "anomaly_detector_int8.tflite"),
            write_tflite(imported(kModels / "anomaly_detector_int8.onnx")));
}

TEST(Tflite, WholeTestSetIsWithinOneOfOnnxRuntime) {
  const Quantised v = vibration();
  const auto other = by_onnx_runtime(v.network, v.inputs);
  if (other.empty()) GTEST_SKIP() << "ONNX Runtime is missing";
  EXPECT_LE(worst(v.outputs, other, v.scale), 1);
  int same = 0;
  for (size_t i = 0; i < other.size(); ++i) same += argmax(other[i]) == argmax(v.outputs[i]);
  EXPECT_GE(same, static_cast<int>(other.size()) - 20);  // ties of equal codes fall either way
}

TEST(Tflite, RandomNetworksAgreeWithOnnxRuntime) {
  for (const Quantised& q : random_networks(all_networks())) {
    const auto other = by_onnx_runtime(q.network, q.inputs);
    if (other.empty()) GTEST_SKIP() << "ONNX Runtime is missing";
    // One place off in each of several layers may add up.
    EXPECT_LE(worst(q.outputs, other, q.scale), 3) << q.network.layers.back().name;
  }
}

/// By another runtime: `command` takes the model, the names of input and output when `names`, the file of the
/// inputs and that of the outputs.
[[maybe_unused]] std::vector<std::vector<float>> by_program(const std::string& command, bool names,
                                                            const Quantised& q) {
  const auto model = temporary("model.tflite"), in = temporary("in.bin"), out = temporary("out.bin");
  write_bytes(model, q.file);
  std::vector<uint8_t> bytes;
  for (const auto& row : q.device_inputs) {
    const auto* first = reinterpret_cast<const uint8_t*>(row.data());
    bytes.insert(bytes.end(), first, first + row.size() * sizeof(float));
  }
  write_bytes(in, bytes);
  const std::string tensors = fmt::format("'{}' '{}/real'", q.network.in().name, q.network.out().name);
  const std::string line = fmt::format("{} '{}' {} '{}' '{}'", command, model.string(), names ? tensors : "",
                                       in.string(), out.string());
  EXPECT_EQ(std::system(line.c_str()), 0);
  const auto result = read_bytes(out);
  const auto width = static_cast<size_t>(q.network.out().elements());
  std::vector<std::vector<float>> rows(q.inputs.size(), std::vector<float>(width));
  EXPECT_EQ(result.size(), rows.size() * width * sizeof(float));
  for (size_t i = 0; i < rows.size(); ++i)
    std::memcpy(rows[i].data(), result.data() + i * width * sizeof(float), width * sizeof(float));
  return rows;
}

#ifdef XEDGESIM_ARMNN_RUN
std::vector<std::vector<float>> by_armnn(const Quantised& q) {
  return by_program(XEDGESIM_ARMNN_RUN, true, q);
}

TEST(Tflite, WholeTestSetIsWithinOneOfArmNn) {
  const Quantised v = vibration();
  EXPECT_LE(worst(v.outputs, by_armnn(v), v.scale), 1);
}

TEST(Tflite, EachOperatorIsWithinOneOfArmNn) {
  for (const Quantised& q : random_networks(testing::single_layers()))
    EXPECT_LE(worst(q.outputs, by_armnn(q), q.scale), 1) << q.network.layers.back().name;
}

TEST(Tflite, WholeNetworksAreWithinTwoOfArmNn) {
  // One place off in a layer is carried on by the next.
  for (const Quantised& q : random_networks(all_networks()))
    EXPECT_LE(worst(q.outputs, by_armnn(q), q.scale), 2) << q.network.layers.back().name;
}
#else
TEST(Tflite, WholeTestSetIsWithinOneOfArmNn) {
  GTEST_SKIP() << "Arm NN is missing: apt install libarmnntfliteparser-dev libarmnn-cpuref-backend22";
}
#endif

#ifdef XEDGESIM_TFLITE_RUN
std::vector<std::vector<float>> by_tflite(const Quantised& q) {
  return by_program(XEDGESIM_TFLITE_RUN, false, q);
}

/// The held-back rows of the second task.
Quantised digits() {
  const std::filesystem::path folder = XEDGESIM_SOURCE_DIR "/models/digits";
  const Network q =
      quantise(imported(folder / "digits.onnx"), read_data_table(folder / "calibration.csv").rows);
  return quantised(q, read_data_table(folder / "held_back.csv").rows);
}

TEST(Tflite, WholeTestSetIsWithinOneOfTheTfliteRuntime) {
  const Quantised v = vibration();
  EXPECT_LE(worst(v.outputs, by_tflite(v), v.scale), 1);
}

// The file that `model quantize` makes.
TEST(Tflite, WholeSecondTestSetIsWithinOneOfTheTfliteRuntime) {
  const Quantised v = digits();
  EXPECT_EQ(v.file, read_bytes(XEDGESIM_SOURCE_DIR "/models/digits/digits_int8.tflite"));
  EXPECT_LE(worst(v.outputs, by_tflite(v), v.scale), 1);
}

TEST(Tflite, EachOperatorIsWithinOneOfTheTfliteRuntime) {
  for (const Quantised& q : random_networks(testing::single_layers()))
    EXPECT_LE(worst(q.outputs, by_tflite(q), q.scale), 1) << q.network.layers.back().name;
}

TEST(Tflite, WholeNetworksAreWithinTwoOfTheTfliteRuntime) {
  for (const Quantised& q : random_networks(all_networks()))
    EXPECT_LE(worst(q.outputs, by_tflite(q), q.scale), 2) << q.network.layers.back().name;
}
#else
TEST(Tflite, WholeTestSetIsWithinOneOfTheTfliteRuntime) {
  GTEST_SKIP() << "TensorFlow Lite's runtime is missing: scripts/setup --with tflite";
}
#endif

TEST(Tflite, AccuracyOnTheTestSet) {
  const Quantised v = vibration();
  int right = 0;
  for (size_t i = 0; i < v.outputs.size(); ++i)
    right += argmax(v.outputs[i]) == static_cast<size_t>(held_back()[i].truth.label);
  EXPECT_NEAR(right / 4000.0, 0.9688, 0.001);
}

// ---- bad files and inputs -------------------------------------------------------------------------------

std::string refusal(std::vector<uint8_t> file) {
  try {
    TfliteModel model(std::move(file), "x");
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "accepted";
}

std::vector<uint8_t> shipped() { return read_bytes(kModels / "anomaly_detector_int8.tflite"); }

TEST(TfliteBadFile, AnUnsupportedOperatorIsNamed) {
  std::vector<uint8_t> file = shipped();
  // The code of FULLY_CONNECTED (9) occurs twice in its operator code; SVDF is 27.
  TfliteModel model(file, "x");
  ASSERT_EQ(model.operators()[3], "FULLY_CONNECTED");
  bool found = false;
  for (size_t i = 0; i + 4 <= file.size() && !found; i += 4) {
    int32_t word = 0, version = 0, again = 0;
    std::memcpy(&word, file.data() + i, 4);
    if (word != 9 || i + 12 > file.size()) continue;
    std::memcpy(&version, file.data() + i + 4, 4);
    std::memcpy(&again, file.data() + i + 8, 4);
    if (version != 4 || again != 9) continue;
    file[i] = file[i + 8] = 27;
    found = true;
  }
  ASSERT_TRUE(found);
  EXPECT_EQ(refusal(file),
            "cannot run the model 'x' on a device: operator SVDF (number 3) is not among the operators of "
            "this runtime");
}

TEST(TfliteBadFile, EveryTruncationIsRefused) {
  const auto file = shipped();
  // Only padding may be missing at the end.
  for (size_t n = 0; n + 16 < file.size(); ++n)
    EXPECT_NE(refusal({file.begin(), file.begin() + static_cast<ptrdiff_t>(n)}), "accepted") << n;
}

TEST(TfliteBadFile, RandomDamageIsRefusedOrHarmless) {
  RandomStream random(7, "damage", "");
  std::vector<std::vector<uint8_t>> files{shipped()};
  for (auto& [name, maker] : all_networks())
    files.push_back(write_tflite(quantise(maker.done(), maker.inputs(5))));
  int accepted = 0;
  for (int round = 0; round < 6000; ++round) {
    auto file = files[static_cast<size_t>(round) % files.size()];
    const uint64_t changes = 1 + random.below(4);
    for (uint64_t i = 0; i < changes; ++i) {
      // The tables stand in front; weights behind are less interesting.
      const size_t at = random.below(random.below(2) ? file.size() : std::min<size_t>(file.size(), 6000));
      file[at] = static_cast<uint8_t>(random.below(3) ? random.next64() : 0xff * random.below(2));
    }
    try {
      TfliteModel model(file, "x");
      const std::vector<float> zeros(static_cast<size_t>(model.input().elements), 0.5f);
      model.run(zeros);
      ++accepted;
    } catch (const ConfigError&) {
    }
  }
  EXPECT_GT(accepted, 100);
}

TEST(TfliteBadFile, OtherFilesAreNoModels) {
  EXPECT_EQ(refusal({}),
            "cannot run the model 'x' on a device: this is no .tflite file (the mark TFL3 is missing)");
  EXPECT_NE(refusal(read_bytes(kModels / "anomaly_detector.onnx")), "accepted");
  EXPECT_THROW(TfliteModel::load(kModels / "nothing.tflite"), ConfigError);
}

TEST(TfliteBadInput, WrongSizeAndNoNumbers) {
  TfliteModel model(shipped(), "x");
  EXPECT_THROW(model.run(std::vector<float>(15)), ConfigError);
  std::vector<float> in(16);
  in[3] = NAN;
  EXPECT_THROW(model.run(in), ConfigError);
  in[3] = 3e38f;  // finite, but overflows on the way: saturates
  EXPECT_EQ(model.run(in).size(), 4u);
}

TEST(TfliteArena, ASmallArenaIsRefusedWithTheSizeWanted) {
  const auto file = shipped();
  std::vector<uint64_t> aligned(file.size() / 8 + 1);
  std::memcpy(aligned.data(), file.data(), file.size());
  nn_model model{};
  nn_error error{};
  std::vector<uint64_t> arena(8192);
  ASSERT_TRUE(nn_open(&model, aligned.data(), file.size(), arena.data(), arena.size() * 8, &error));
  const size_t needed = model.arena_used;
  EXPECT_TRUE(nn_open(&model, aligned.data(), file.size(), arena.data(), needed, &error));
  for (size_t size = 0; size < needed; size += 8) {
    ASSERT_FALSE(nn_open(&model, aligned.data(), file.size(), arena.data(), size, &error)) << size;
    EXPECT_EQ(error.status, NN_ARENA_TOO_SMALL);
    EXPECT_GT(error.arena_needed, size);
  }
  EXPECT_EQ(error.arena_needed, needed);
}

}  // namespace
}  // namespace xedgesim::ml
