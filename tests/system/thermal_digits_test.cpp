// The second task, on real data: every held-back digit once through whole systems. The figures are those of
// the table in docs/ml.md.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "program.h"

namespace xedgesim::testing {
namespace {

constexpr int kFramesOfADevice = 45;  // 450 held-back rows, 10 devices

struct Digits {
  int right = 0, samples = 0;
  std::map<std::pair<std::string, int>, int> verdicts;  ///< device and frame -> class
  nlohmann::json summary;
};

Digits run_digits(const std::string& placement, std::vector<std::string> more = {}) {
  TemporaryFolder folder;
  std::vector<std::string> arguments{"run",
                                     source("scenarios/thermal-digits/" + placement + "/scenario.yaml"), "-q",
                                     "--output", (folder / "run").string()};
  for (const std::string& m : more) {
    arguments.push_back("--set");
    arguments.push_back(m);
  }
  const ProgramResult r = run_program(arguments);
  EXPECT_EQ(r.exit_code, 0) << r.out << r.err;
  Digits d;
  d.summary = nlohmann::json::parse(read_file(folder / "run/summary.json"));
  std::istringstream in(read_file(folder / "run/spans.csv"));
  std::string line;
  for (std::getline(in, line); std::getline(in, line);) {
    std::istringstream cells(line);
    std::vector<std::string> row;
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
    const int frame = std::stoi(row[1]);
    if (frame >= kFramesOfADevice || row[5].empty()) continue;
    ++d.samples;
    d.right += row[5] == row[6];
    d.verdicts[{row[0], frame}] = std::stoi(row[5]);
  }
  return d;
}

TEST(ThermalDigits, EveryHeldBackDigitOnTheBoard) {
  const Digits d = run_digits("device");
  EXPECT_EQ(d.samples, 450);
  // 437 of 450 are right in models/digits/metrics.json; the ADC's steps may tip one.
  EXPECT_NEAR(d.right, 437, 1);
  EXPECT_GT(d.summary["placements"]["device"]["on_device"]["cycles_per_inference"].get<double>(), 100'000);
}

TEST(ThermalDigits, EveryHeldBackDigitAtTheEdge) {
  const Digits d = run_digits("edge");
  EXPECT_GE(d.samples, 436);  // the radio loses some
  EXPECT_LE(d.samples, 450);
  EXPECT_NEAR(d.samples - d.right, 450 - 436, 2);  // fp32 behind int8 pixels; 436 of 450 with fp32 pixels
}

TEST(ThermalDigits, AResetKeepsFramesAndWindowsTogether) {
  TemporaryFolder folder;
  std::ofstream(folder / "s.yaml") << "scenario:\n  name: reset\n  include: "
                                   << source("scenarios/thermal-digits/device/scenario.yaml")
                                   << "\nfaults:\n  - {time: 10300ms, type: device_reset, target: eye}\n"
                                      "  - {time: 20700ms, type: brown_out, target: eye}\n";
  const ProgramResult r =
      run_program({"run", (folder / "s.yaml").string(), "-q", "--output", (folder / "run").string(), "--set",
                   "scenario.duration=40s", "--set", "devices[0].count=2"});
  EXPECT_EQ(r.exit_code, 0) << r.err;  // accuracy of at least 0.95 is asserted by the scenario
}

TEST(ThermalDigits, WrongTablesAreSaid) {
  TemporaryFolder folder;
  std::ofstream(folder / "empty.csv") << "p0,p1,label\n";
  std::ofstream(folder / "nan.csv") << "1,2,3\n1,nan,3\n";
  std::ofstream(folder / "labels.txt") << "1\n2\n";
  const auto said = [&](const std::string& sensor, int exit_code) {
    const ProgramResult r = run_program({"run", source("scenarios/thermal-digits/device/scenario.yaml"), "-q",
                                         "--output", (folder / "run").string(), "--set",
                                         "scenario.duration=3s", "--set", "devices[0].count=1", "--set",
                                         "devices[0].sensors=[{pin: AIN0, type: frames, " + sensor + "}]"});
    EXPECT_EQ(r.exit_code, exit_code) << r.out << r.err;
    return r.err;
  };
  const auto file = [&](const char* name) { return (folder / name).string(); };
  const std::string digits = "file: " + source("models/digits/held_back.csv");
  EXPECT_NE(said("file: " + file("empty.csv"), 3).find("empty.csv"), std::string::npos);
  EXPECT_NE(said("file: " + file("nan.csv"), 3).find("nan.csv:2: column 2: 'nan' is not a finite number"),
            std::string::npos);
  EXPECT_NE(said(digits + ", labels: " + file("none.txt"), 3).find("none.txt"), std::string::npos);
  EXPECT_NE(said(digits + ", labels: " + file("labels.txt"), 3).find("there are 2 labels for the 450 frames"),
            std::string::npos);
  EXPECT_NE(said("file: " + file("nowhere.csv"), 3).find("nowhere.csv"), std::string::npos);
}

TEST(ThermalDigits, FramesWithoutLabelsAreClassifiedAndJudgedByNothing) {
  TemporaryFolder folder;
  std::ifstream labelled(source("models/digits/held_back.csv"));
  std::ofstream bare(folder / "bare.csv");
  for (std::string line; std::getline(labelled, line);) bare << line.substr(0, line.rfind(',')) << "\n";
  bare.close();
  const Digits all = run_digits("device", {"scenario.duration=10s"});
  const ProgramResult r = run_program(
      {"run", source("scenarios/thermal-digits/device/scenario.yaml"), "-q", "--output",
       (folder / "run").string(), "--set", "scenario.duration=10s", "--set",
       "devices[0].sensors=[{pin: AIN0, type: frames, scale: 100mV, file: " + (folder / "bare.csv").string() +
           "}]"});
  EXPECT_EQ(r.exit_code, 2) << r.err;  // the scenario asserts an accuracy, and there is none
  EXPECT_NE((r.out + r.err).find("no sample with a known class was classified"), std::string::npos) << r.err;
  const auto summary = nlohmann::json::parse(read_file(folder / "run/summary.json"));
  const nlohmann::json& device = summary["placements"]["device"];
  EXPECT_EQ(device["results"], all.summary["placements"]["device"]["results"]);
  EXPECT_TRUE(device["accuracy"].is_null()) << device["accuracy"];
}

TEST(ThermalDigits, AWindowThatIsNoFrameIsSaid) {
  TemporaryFolder folder;
  const ProgramResult r =
      run_program({"run", source("scenarios/thermal-digits/edge/scenario.yaml"), "-q", "--output",
                   (folder / "run").string(), "--set", "devices[0].config.sample_rate=32Hz", "--set",
                   "scenario.duration=5s"});
  EXPECT_EQ(r.exit_code, 1) << r.out;
  EXPECT_NE((r.err + read_file(folder / "run/summary.json")).find("a window of 32 samples, but a frame of"),
            std::string::npos)
      << r.err;
}

}  // namespace
}  // namespace xedgesim::testing
