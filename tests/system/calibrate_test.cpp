// `xedgesim calibrate`: what it measures differs by host and moment; what it makes of that does not.
#include <gtest/gtest.h>

#include "program.h"

namespace xedgesim::testing {
namespace {

TEST(Calibrate, WritesAComputeModelThatAScenarioTakes) {
  TemporaryFolder folder;
  const std::string out = (folder / "compute.yaml").string();
  const ProgramResult r = run_program({"calibrate", source("models/vibration/anomaly_detector.onnx"),
                                       source("models/digits/digits.onnx"), "--factor", "3", "--repetitions",
                                       "50", "-o", out, "--format", "json"});
  ASSERT_EQ(r.exit_code, 0) << r.err;
  const auto j = nlohmann::json::parse(r.out);
  EXPECT_EQ(j["factor"], 3);
  ASSERT_EQ(j["models"].size(), 2u);
  EXPECT_EQ(j["models"][1]["macs"], 23'680);
  for (const auto& m : j["models"])
    EXPECT_NEAR(m["target_us"].get<double>(), 3 * m["host_median_us"].get<double>(),
                0.05 * m["target_us"].get<double>() + 1);
  std::ofstream(folder / "s.yaml") << "scenario:\n  name: c\n  include: ["
                                   << source("scenarios/ml-placement/edge/scenario.yaml")
                                   << ", compute.yaml]\n";
  const ProgramResult valid =
      run_program({"validate", (folder / "s.yaml").string(), "--set", "edge[0].compute=", "--set",
                   "edge[0].kind=anomaly_detector", "--resolved"});
  EXPECT_EQ(valid.exit_code, 0) << valid.err;
  EXPECT_NE(valid.out.find("overhead:"), std::string::npos) << valid.out;
}

TEST(Calibrate, MistakesAreSentences) {
  ProgramResult r = run_program({"calibrate", source("models/digits/train.py")});
  EXPECT_EQ(r.exit_code, 3);
  EXPECT_NE(r.err.find("train.py"), std::string::npos) << r.err;
  r = run_program({"calibrate", source("models/digits/digits.onnx"), "--target", "abacus"});
  EXPECT_EQ(r.exit_code, 3);
  EXPECT_NE(r.err.find("abacus"), std::string::npos) << r.err;
}

}  // namespace
}  // namespace xedgesim::testing
