// The same task with the model in each tier, through the program.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <map>
#include <set>

#include "program.h"

namespace xedgesim::testing {
namespace {

struct Placed {
  nlohmann::json summary;
  std::map<std::string, std::string> predicted;           ///< by "device,sequence"
  std::vector<std::map<std::string, std::string>> spans;  ///< by column; of samples with a result
  std::string events;
};

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string c; std::getline(in, c, ',');) cells.push_back(c);
  return cells;
}

Placed run_placement(const std::string& name, std::vector<std::string> overrides) {
  TemporaryFolder folder;
  std::vector<std::string> arguments{"run", source("scenarios/ml-placement/" + name + "/scenario.yaml"), "-q",
                                     "--output", (folder / "run").string()};
  for (const auto& o : overrides) {
    arguments.push_back("--set");
    arguments.push_back(o);
  }
  const ProgramResult r = run_program(arguments);
  EXPECT_NE(r.exit_code, 3) << r.err;
  EXPECT_NE(r.exit_code, 1) << r.err;
  Placed p;
  p.summary = nlohmann::json::parse(read_file(folder / "run/summary.json"));
  std::istringstream spans(read_file(folder / "run/spans.csv"));
  std::string line;
  std::getline(spans, line);
  const auto columns = split(line);
  while (std::getline(spans, line)) {
    const auto cells = split(line);
    if (cells.at(2) != "result") continue;
    p.predicted[cells[0] + "," + cells[1]] = cells[5];
    auto& row = p.spans.emplace_back();
    for (size_t i = 0; i < std::min(columns.size(), cells.size()); ++i) row[columns[i]] = cells[i];
  }
  p.events = read_file(folder / "run/events.jsonl");
  return p;
}

const std::vector<std::string> kShort{"scenario.duration=6s", "devices[0].count=3"};

std::vector<std::string> shortened(std::vector<std::string> more) {
  more.insert(more.begin(), kShort.begin(), kShort.end());
  return more;
}

/// Samples on which two runs agree, as a part of those that both have.
double agreement(const Placed& a, const Placed& b) {
  int both = 0, same = 0;
  for (const auto& [key, value] : a.predicted) {
    const auto other = b.predicted.find(key);
    if (other == b.predicted.end()) continue;
    ++both;
    same += other->second == value;
  }
  EXPECT_GT(both, 8);
  return both == 0 ? 0 : static_cast<double>(same) / both;
}

TEST(MlPlacement, TheSameInt8ModelSaysTheSameOnDeviceAndEdgeAndCut) {
  const std::string int8 = "edge[0].ml_model=models/vibration/anomaly_detector_int8.onnx";
  const Placed device = run_placement("device", kShort);
  const Placed edge = run_placement("edge", shortened({int8}));
  const Placed hybrid = run_placement("hybrid", shortened({int8}));
  EXPECT_EQ(agreement(device, edge), 1.0);
  EXPECT_EQ(agreement(hybrid, edge), 1.0);
  const auto& on_device = device.summary["placements"]["device"]["on_device"];
  EXPECT_EQ(on_device["inferences"], device.summary["summary"]["total_samples"]);
  EXPECT_GT(on_device["inferences"].get<int>(), 10);
  EXPECT_GT(on_device["cycles_per_inference"].get<double>(), 1000);  // 1,088 MACs
  EXPECT_LT(on_device["cycles_per_inference"].get<double>(), 50'000);
  EXPECT_GT(on_device["arena_bytes"].get<int>(), 100);
  EXPECT_EQ(device.summary["placements"]["device"]["reliability"], 1.0);
  EXPECT_GT(edge.summary["placements"]["edge"]["hops"]["reply"]["count"].get<int>(), 8);
}

TEST(MlPlacement, TheCloudIsFarAway) {
  const Placed cloud = run_placement("cloud", kShort);
  const auto& p = cloud.summary["placements"]["cloud"];
  EXPECT_GT(p["latency"]["p50_ms"].get<double>(), 140);  // twice 70 ms
  EXPECT_EQ(p["ran_at"]["cloud"].get<int>(), p["results"].get<int>());
}

TEST(MlPlacement, AdaptiveMovesToTheDeviceWhenTheGatewayIsOff) {
  const Placed a = run_placement("adaptive", {"scenario.duration=30s", "devices[0].count=2",
                                              "faults[0].time=4s", "faults[0].duration=8s"});
  const auto& where = a.summary["placements"]["adaptive"]["ran_at"];
  EXPECT_GT(where["edge"].get<int>(), 5);
  EXPECT_GT(where["device"].get<int>(), 5);
  EXPECT_NE(a.events.find("inference moves to device: the link is poor"), std::string::npos);
  EXPECT_NE(a.events.find("inference moves to edge: conditions are normal"), std::string::npos);
}

/// Nanoseconds of the hops on the way to the result.
int64_t way(const std::map<std::string, std::string>& span) {
  int64_t sum = 0;
  for (const char* hop : {"compute", "access", "air", "wire", "queue", "inference", "reply"}) {
    const auto& cell = span.at(std::string("hop_") + hop + "_us");
    if (!cell.empty()) sum += std::llround(std::stod(cell) * 1000);
  }
  return sum;
}

TEST(MlPlacement, HopsAddUpToTheLatencyOfEverySample) {
  for (const char* where : {"device", "edge", "cloud", "hybrid"}) {
    const Placed p = run_placement(where, kShort);
    EXPECT_GT(p.spans.size(), 8u) << where;
    for (const auto& span : p.spans)
      EXPECT_EQ(way(span), std::llround(std::stod(span.at("e2e_us")) * 1000)) << where;
  }
}

const std::string kCloudModel = "cloud[0].ml_model=models/vibration/anomaly_detector_int8.onnx";

TEST(MlPlacement, TheRestOfACutModelRunsInTheCloud) {
  const Placed edge =
      run_placement("edge", shortened({"edge[0].ml_model=models/vibration/anomaly_detector_int8.onnx"}));
  const Placed hybrid =
      run_placement("hybrid", shortened({kCloudModel, "devices[0].ml_remote=cloud",
                                         "devices[0].ml_result_wait=200ms", "validation.assertions=[]"}));
  EXPECT_EQ(agreement(hybrid, edge), 1.0);
  const auto& p = hybrid.summary["placements"]["hybrid"];
  EXPECT_EQ(p["ran_at"]["hybrid"], p["results"]);
  EXPECT_GT(p["hops"]["wire"]["p50_ms"].get<double>(), 60);  // there is where the wide area network lies
  EXPECT_GT(p["hops"]["reply"]["p50_ms"].get<double>(), 60);
  EXPECT_LT(p["hops"]["inference"]["p50_ms"].get<double>(), 5);
  for (const auto& span : hybrid.spans)
    EXPECT_EQ(way(span), std::llround(std::stod(span.at("e2e_us")) * 1000));
}

TEST(MlPlacement, AdaptiveMovesBetweenTheDeviceAndTheCloud) {
  const Placed a = run_placement(
      "adaptive", {"scenario.duration=30s", "devices[0].count=2", "faults[0].time=4s",
                   "faults[0].duration=8s", "devices[0].ml_remote=cloud", "devices[0].ml_result_wait=200ms",
                   kCloudModel, "edge[0].ml_model=", "edge[0].services=[mqtt_broker]"});
  const auto& where = a.summary["placements"]["adaptive"]["ran_at"];
  EXPECT_GT(where["cloud"].get<int>(), 5);
  EXPECT_GT(where["device"].get<int>(), 5);
  EXPECT_FALSE(where.contains("edge"));
  EXPECT_NE(a.events.find("inference moves to device: the link is poor"), std::string::npos);
  EXPECT_NE(a.events.find("inference moves to cloud: conditions are normal"), std::string::npos);
}

// A board counts its samples from its boot; the verdict that comes back must carry that number.
TEST(MlPlacement, VerdictsOfACutModelComeBackAfterAReset) {
  const Placed p = run_placement("hybrid", {"scenario.duration=14s", "devices[0].count=1",
                                            "faults=[{time: 5500ms, type: device_reset, target: vib}]"});
  int after = 0;
  for (const auto& span : p.spans) after += std::stod(span.at("sense_end_us")) > 6e6;
  EXPECT_GE(after, 5);
}

std::string refusal(const std::string& name, std::vector<std::string> overrides) {
  std::vector<std::string> arguments{"validate", source("scenarios/ml-placement/" + name + "/scenario.yaml")};
  for (const auto& o : overrides) {
    arguments.push_back("--set");
    arguments.push_back(o);
  }
  const ProgramResult r = run_program(arguments);
  EXPECT_EQ(r.exit_code, 3) << r.out << r.err;
  return r.err;
}

TEST(MlPlacementRefusals, SayWhatIsWrong) {
  EXPECT_NE(refusal("device", {"devices[0].ml_model=models/vibration/anomaly_detector.onnx"})
                .find("is in floats, and a device runs int8"),
            std::string::npos);
  EXPECT_NE(
      refusal("hybrid", {"devices[0].ml_split.intermediate_size=31"}).find("there are 32 values, not 31"),
      std::string::npos);
  EXPECT_NE(refusal("hybrid", {"devices[0].ml_split.edge_layers=[2]"}).find("has layers 0 to 3"),
            std::string::npos);
  EXPECT_NE(refusal("device", {"devices[0].ml_model=" + source("README.md")}).find("this is no .tflite file"),
            std::string::npos);
  EXPECT_NE(refusal("device", {"devices[0].firmware=firmware/hello.elf"}).find("has no model at 0xc0000"),
            std::string::npos);
  EXPECT_NE(
      refusal("adaptive", {"devices[0].ml_remote=cloud"}).find("cloud node 'cloud_backend' has no model"),
      std::string::npos);
  EXPECT_NE(refusal("hybrid", {"devices[0].ml_remote=cloud", "cloud[0].ml_model=README.md"})
                .find("is no .onnx file"),
            std::string::npos);
  EXPECT_NE(
      refusal("device", {"devices[0].ml_classes=[a, b]"}).find("answers 4 values, but there are 2 classes"),
      std::string::npos);
}

// A window has at most 1,024 samples: of an interval of three seconds the firmware takes the last of three.
TEST(MlPlacement, AnIntervalOfSeveralWindowsIsOneSample) {
  for (const char* where : {"edge", "device"}) {
    const Placed p = run_placement(
        where, {"scenario.duration=40s", "devices[0].count=3", "devices[0].config.report_interval=3s"});
    const auto& figures = p.summary["summary"];
    EXPECT_GE(figures["total_samples"], 3 * 12) << where;
    EXPECT_LE(figures["total_samples"], 3 * 13) << where;
    EXPECT_LE(figures["samples_in_flight"], 1) << where;
    EXPECT_EQ(figures["samples_lost"], 0) << where;
    EXPECT_GE(figures["ml_accuracy"], 0.85) << where;
    EXPECT_LT(figures["max_e2e_latency_ms"], 100) << where;
  }
}

}  // namespace
}  // namespace xedgesim::testing
