// Cloud models in programs of their own: TorchScript by libtorch and by Python, and a user's service. The
// same input gets the answer of the native path.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/error.h"
#include "ml/data_table.h"
#include "ml/onnx_model.h"
#include "ml/vibration_windows.h"
#include "nodes/external/inference_program.h"
#include "program.h"

namespace xedgesim::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::string torchscript_backend() { return std::string(XEDGESIM_BINARY_DIR) + "/xedgesim-torchscript"; }
bool python_has_torch() {
  static const bool there = fs::exists("/usr/bin/python3") &&
                            std::system("/usr/bin/python3 -c 'import torch' >/dev/null 2>&1") == 0;
  return there;
}

constexpr const char* kNoBackend = "libtorch is missing: scripts/setup --with torch";
constexpr const char* kNoTorch = "Debian's python3-torch is missing: scripts/setup --with torch";

nodes::InferenceProgram::Config program_config(std::vector<std::string> command, const std::string& model,
                                               size_t classes) {
  nodes::InferenceProgram::Config c;
  c.node = "cloud";
  c.command = std::move(command);
  c.environment = {"PYTHONPATH=" + source("sdk/python/src")};
  c.model = source(model);
  c.classes.assign(classes, "class");
  return c;
}

/// Greatest difference of the program's outputs from ONNX Runtime's, over rows.
double worst_difference(nodes::InferenceProgram& program, const std::string& onnx,
                        const std::vector<std::vector<float>>& rows) {
  ml::OnnxModel model = ml::OnnxModel::load(source(onnx));
  double most = 0;
  for (const auto& row : rows) {
    const auto native = model.run(row);
    const auto other = program.infer(row, SimTime::zero()).output;
    EXPECT_EQ(native.size(), other.size());
    for (size_t i = 0; i < native.size(); ++i)
      most = std::max(most, std::abs(static_cast<double>(native[i]) - other[i]) /
                                std::max(1.0, std::abs(static_cast<double>(native[i]))));
  }
  return most;
}

std::vector<std::vector<float>> vibration_rows(size_t most) {
  std::vector<std::vector<float>> rows;
  for (const auto& w : ml::vibration_windows({.seed = 2002, .devices = 40, .windows_per_device = 100})) {
    if (rows.size() == most) break;
    auto& row = rows.emplace_back();
    for (const int16_t q : w.features_q8) row.push_back(static_cast<float>(q) / 256.0f);
  }
  return rows;
}

constexpr const char* kPt = "models/vibration/anomaly_detector.pt";
constexpr const char* kOnnx = "models/vibration/anomaly_detector.onnx";

TEST(CloudProgram, LibtorchAnswersAsTheNativePathOnTheWholeTestSet) {
  if (!fs::exists(torchscript_backend())) GTEST_SKIP() << kNoBackend;
  TemporaryFolder folder;
  nodes::InferenceProgram program(program_config({torchscript_backend()}, kPt, 4));
  program.connect(folder.path());
  EXPECT_EQ(program.macs(), 16u * 32 + 32 * 16 + 16 * 4);
  EXPECT_LE(worst_difference(program, kOnnx, vibration_rows(4000)), 1e-5);
  program.shut_down("end");
}

TEST(CloudProgram, LibtorchRunsConvolutionsOnRealData) {
  if (!fs::exists(torchscript_backend())) GTEST_SKIP() << kNoBackend;
  TemporaryFolder folder;
  auto config = program_config({torchscript_backend()}, "models/digits/digits.pt", 10);
  config.environment.push_back("XEDGESIM_INPUT_SHAPE=1,1,8,8");
  nodes::InferenceProgram program(std::move(config));
  program.connect(folder.path());
  EXPECT_FALSE(program.macs().has_value());
  EXPECT_LE(worst_difference(program, "models/digits/digits.onnx",
                             ml::read_data_table(source("models/digits/held_back.csv")).rows),
            1e-5);
  program.shut_down("end");
}

TEST(CloudProgram, PythonAnswersAsTheNativePath) {
  if (!python_has_torch()) GTEST_SKIP() << kNoTorch;
  TemporaryFolder folder;
  nodes::InferenceProgram program(
      program_config({"/usr/bin/python3", "-m", "xedgesim.cloud_service"}, kPt, 4));
  program.connect(folder.path());
  EXPECT_LE(worst_difference(program, kOnnx, vibration_rows(500)), 1e-5);
  program.shut_down("end");
}

struct CloudRun {
  int exit_code = 0;
  std::string said;
  Json summary;
  std::vector<std::string> verdicts;  ///< device, sequence, class of each sample
};

CloudRun run_cloud(const std::vector<std::string>& overrides) {
  TemporaryFolder folder;
  std::vector<std::string> arguments{"run", source("scenarios/ml-placement/cloud/scenario.yaml"), "-q",
                                     "--output", (folder / "run").string()};
  for (const std::string& o : {std::string("scenario.duration=8s"), std::string("devices[0].count=2"),
                               std::string("validation={}")}) {
    arguments.push_back("--set");
    arguments.push_back(o);
  }
  for (const std::string& o : overrides) {
    arguments.push_back("--set");
    arguments.push_back(o);
  }
  const ProgramResult r = run_program(arguments);
  CloudRun out{.exit_code = r.exit_code, .said = r.err, .summary = {}, .verdicts = {}};
  if (!fs::exists(folder / "run/summary.json")) return out;
  out.summary = Json::parse(read_file(folder / "run/summary.json"));
  std::istringstream in(read_file(folder / "run/spans.csv"));
  for (std::string line; std::getline(in, line);) {
    std::istringstream cells(line);
    std::vector<std::string> row;
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
    if (row.size() > 5) out.verdicts.push_back(row[0] + " " + row[1] + " " + row[5]);
  }
  std::sort(out.verdicts.begin(), out.verdicts.end());
  return out;
}

std::string model_override(const std::string& file) { return "cloud[0].ml_model=" + source(file); }

TEST(CloudProgram, ARunWithTorchScriptGivesTheVerdictsOfTheNativeRun) {
  if (!fs::exists(torchscript_backend())) GTEST_SKIP() << kNoBackend;
  const CloudRun native = run_cloud({}), torch = run_cloud({model_override(kPt)});
  ASSERT_EQ(torch.exit_code, 0) << torch.said;
  EXPECT_GE(torch.verdicts.size(), 12u);
  EXPECT_EQ(torch.verdicts, native.verdicts);
  EXPECT_EQ(run_cloud({model_override(kPt)}).summary["digest"], torch.summary["digest"]);
}

TEST(CloudProgram, ARunWithThePythonServiceGivesTheVerdictsOfTheNativeRun) {
  if (!python_has_torch()) GTEST_SKIP() << kNoTorch;
  const std::vector<std::string> python{"cloud[0].type=python_service", model_override(kPt)};
  const CloudRun native = run_cloud({}), torch = run_cloud(python);
  ASSERT_EQ(torch.exit_code, 0) << torch.said;
  EXPECT_EQ(torch.verdicts, native.verdicts);
  EXPECT_EQ(run_cloud(python).summary["digest"], torch.summary["digest"]);
}

/// A service as a user writes one: it needs no library and waits 30 ms, in simulated time.
std::string write_service(const TemporaryFolder& folder, const std::string& infer) {
  const fs::path file = folder / "service.py";
  std::ofstream(file)
      << "import time\n\n\nclass CloudMLService:\n    def __init__(self, model_path, latency_ms):\n"
         "        self.model_path = model_path\n\n    def infer(self, features):\n"
      << infer;
  return "cloud[0].script=" + file.string();
}

TEST(CloudProgram, AUsersServiceWaitsInSimulatedTime) {
  TemporaryFolder folder;
  const std::string infer = "        time.sleep(0.03)\n        return [features[0], 1.0, 0.0, 0.0]\n";
  const std::vector<std::string> service{"cloud[0].type=python_mock", write_service(folder, infer),
                                         "cloud[0].compute={overhead: 2ms}"};
  const CloudRun native = run_cloud({}), mine = run_cloud(service);
  ASSERT_EQ(mine.exit_code, 0) << mine.said;
  const double extra = mine.summary["hops"]["inference"]["mean_ms"].get<double>();
  EXPECT_NEAR(extra, 32, 0.5);
  EXPECT_NEAR(mine.summary["summary"]["p50_e2e_latency_ms"].get<double>() -
                  native.summary["summary"]["p50_e2e_latency_ms"].get<double>(),
              32, 5);
  EXPECT_EQ(run_cloud(service).summary["digest"], mine.summary["digest"]);
}

TEST(CloudProgram, MistakesOfAServiceAreSentences) {
  TemporaryFolder folder;
  const auto said = [&](const std::string& infer, int exit_code) {
    const CloudRun r = run_cloud(
        {"cloud[0].type=python_mock", write_service(folder, infer), "cloud[0].compute={overhead: 2ms}"});
    EXPECT_EQ(r.exit_code, exit_code) << r.said;
    return r.said + r.summary.value("reason", "");
  };
  EXPECT_NE(said("        return [1.0]\n", 1).find("answered 1 values, but there are 4 classes"),
            std::string::npos);
  EXPECT_NE(said("        raise ValueError('no model')\n", 1).find("reports an error: ValueError: no model"),
            std::string::npos);
  EXPECT_NE(said("        import os\n        os._exit(3)\n", 1).find("ended with exit code 3"),
            std::string::npos);
  EXPECT_NE(said("        return [float('nan')] * 4\n", 1).find("the inference program of 'cloud_backend'"),
            std::string::npos);
  const CloudRun none = run_cloud({"cloud[0].type=external"});
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_NE(none.said.find("needs a 'command' to start"), std::string::npos) << none.said;
  const CloudRun costs =
      run_cloud({"cloud[0].type=python_mock", write_service(folder, "        return [0] * 4\n")});
  EXPECT_NE(costs.exit_code, 0);
  EXPECT_NE((costs.said + costs.summary.value("reason", "")).find("set compute.overhead"), std::string::npos)
      << costs.said;
}

TEST(CloudProgram, AModelThatIsNoTorchScriptIsSaid) {
  if (!fs::exists(torchscript_backend())) GTEST_SKIP() << kNoBackend;
  TemporaryFolder folder;
  std::ofstream(folder / "bad.pt") << "this is no archive";
  const CloudRun r = run_cloud({"cloud[0].ml_model=" + (folder / "bad.pt").string()});
  EXPECT_EQ(r.exit_code, 1);
  EXPECT_NE((r.said + r.summary.value("reason", "")).find("is no TorchScript file"), std::string::npos)
      << r.said;
}

}  // namespace
}  // namespace xedgesim::testing
