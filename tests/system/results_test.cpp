// The files of a run that no other test reads, judged against its other figures.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>

#include "program.h"

namespace xedgesim::testing {
namespace {

using Json = nlohmann::json;

struct Results {
  TemporaryFolder folder;
  ProgramResult result;
  Json summary;

  Results(const std::string& scenario, std::vector<std::string> more) {
    std::vector<std::string> arguments{"run", source("scenarios/" + scenario + "/scenario.yaml"), "-q",
                                       "--output", (folder / "run").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    result = run_program(arguments);
    summary = Json::parse(read_file(folder / "run/summary.json"));
  }
  std::string file(const std::string& name) const { return read_file(folder / ("run/" + name)); }
};

TEST(Trace, TellsWhatTheSummaryTells) {
  const Results run("vibration-monitoring", {"--set", "scenario.duration=5s", "--set", "metrics.trace=true",
                                             "--set", "devices[0].count=3"});
  const Json trace = Json::parse(run.file("trace.perfetto.json"));
  std::map<std::pair<int, int>, std::string> names;  // (process, thread) -> name; thread 0: the node's
  for (const Json& e : trace)
    if (e["ph"] == "M") names[{e["pid"], e["tid"]}] = e["args"].value("name", "");
  std::map<std::string, double> last_end, asleep_us, inferences;
  for (const Json& e : trace) {
    if (e["ph"] != "X") continue;
    const std::string node = names[{e["pid"], 0}], track = names[{e["pid"], e["tid"]}];
    ASSERT_FALSE(node.empty());
    ASSERT_FALSE(track.empty());
    const double begin = e["ts"], duration = e["dur"];
    if (track == "cpu" || track == "radio") {
      double& end = last_end[node + "/" + track];
      EXPECT_GE(begin, end - 0.0015) << "states of one track must not overlap: " << e;
      end = begin + duration;
    }
    if (track == "cpu" && e["name"] == "sleep") asleep_us[node] += duration;
    if (track == "inference") ++inferences[node];
  }
  ASSERT_EQ(asleep_us.size(), 3u);
  for (const auto& [node, us] : asleep_us)
    EXPECT_NEAR(us / 1e6, run.summary["per_device"][node]["sleep_s"], 1e-5) << node;
  ASSERT_EQ(inferences.size(), 1u);
  EXPECT_EQ(inferences.begin()->second, run.summary["summary"]["samples_classified"]);
  EXPECT_GT(last_end.count("vib_1/radio"), 0u);
}

TEST(Trace, IsNotWrittenUnlessAskedFor) {
  const Results run("hello", {});
  EXPECT_FALSE(std::filesystem::exists(run.folder / "run/trace.perfetto.json"));
}

/// The last lines of the guide's section 7.2.
TEST(RunLog, EndsWithTheVerdictAndTheFolder) {
  const TemporaryFolder folder;
  const std::string out = (folder / "run").string();
  const std::vector<std::string> command{"run", source("scenarios/hello/scenario.yaml"), "-o", out};
  const ProgramResult good = run_program(command);
  EXPECT_NE(good.out.find("] ✅ All assertions passed\n"), std::string::npos) << good.out;
  EXPECT_NE(good.out.find("] Results: " + out + "\n"), std::string::npos) << good.out;
  std::vector<std::string> failing = command;
  failing.insert(failing.end(), {"--set", "validation.assertions[0].expect_line=never"});
  const ProgramResult bad = run_program(failing);
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_NE(bad.out.find("] ❌ 1 of 1 assertion failed\n"), std::string::npos) << bad.out;
  std::vector<std::string> quiet = command;
  quiet.emplace_back("-q");
  EXPECT_EQ(run_program(quiet).out.find("All assertions passed"), std::string::npos);
}

/// Serial port, pins and sleep of one board (the guide's section 3.2), whatever executes it.
TEST(DeviceMetrics, CountWhatABoardDoesBesideItsRadio) {
  for (const char* engine : {"auto", "interpreter"}) {
    const Results run("hello", {"--set", "scenario.duration=4500ms", "--set",
                                "metrics.collection_interval=1s", "--engine", engine});
    const Json& board = run.summary["per_device"]["board"];
    size_t printed = 0;
    std::istringstream console(run.file("consoles/board.log"));
    std::string line;
    while (std::getline(console, line)) printed += line.substr(line.find("] ") + 2).size() + 2;  // CR, LF
    EXPECT_EQ(board["uart_tx_bytes"], printed);
    EXPECT_EQ(board["uart_rx_bytes"], 0);
    // Four LEDs and TXD become high, then LED1 changes at once and once a second.
    EXPECT_EQ(board["gpio_changes"], 10);
    // In each second: for the next second, and when the UART has sent the line.
    EXPECT_EQ(board["wakeups"], 11);
    std::istringstream lines(run.file("device_metrics.csv"));
    std::getline(lines, line);
    EXPECT_TRUE(line.ends_with(",uart_tx_bytes,uart_rx_bytes,gpio_changes,wakeups")) << line;
    std::getline(lines, line);
    std::getline(lines, line);
    EXPECT_TRUE(line.ends_with(",20,0,1,2")) << line;  // the second second
  }
}

TEST(Hops, AddUpToTheMeanLatencyAlsoWhenSamplesAreLost) {
  const Results run("vibration-monitoring",
                    {"--set", "scenario.duration=20s", "--set", "devices[0].config.report_interval=250ms",
                     "--set", "validation="});
  ASSERT_GT(run.summary["summary"]["samples_lost"], 20);
  double sum = 0;
  for (const char* hop : {"compute", "access", "air", "wire", "queue", "inference", "reply"})
    sum += run.summary["hops"][hop]["mean_ms"].get<double>();
  EXPECT_NEAR(sum, run.summary["summary"]["avg_e2e_latency_ms"].get<double>(), 0.05);  // two are in flight
}

TEST(CloudStore, HoldsWhatTheSummaryCounts) {
  const Results run("vibration-monitoring", {"--set", "scenario.duration=5s", "--set", "devices[0].count=3"});
  std::istringstream lines(run.file("cloud/cloud_backend.jsonl"));
  int64_t count = 0, last = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const Json j = Json::parse(line);
    EXPECT_GE(j["time_us"], last);
    last = j["time_us"];
    EXPECT_TRUE(j["record"]["device_id"].get<std::string>().starts_with("vib_")) << line;
    EXPECT_TRUE(j["record"]["class"].is_string()) << line;
  }
  EXPECT_GT(count, 0);
  EXPECT_EQ(count, run.summary["hops"]["store"]["count"]);
}

TEST(Battery, SwitchesItsNodeOffWhenItsChargeIsGone) {
  // Some 460 uA: 0.2 mAh of 225 mAh last about 26 minutes, 0.005 mAh half a minute.
  const Results run("vibration-monitoring", {"--set", "scenario.duration=60s", "--set", "devices[0].count=2",
                                             "--set", "devices[0].battery.capacity=5uAh"});
  for (const char* node : {"vib_1", "vib_2"}) {
    const Json& device = run.summary["per_device"][node];
    ASSERT_TRUE(device["battery_depleted_at_s"].is_number()) << node;
    const double end = device["battery_depleted_at_s"];
    EXPECT_GT(end, 20);
    EXPECT_LT(end, 50);
    EXPECT_EQ(device["battery_fraction"], 0);
    // What was drawn at 3 V is what was there: 5 uAh = 18 mC.
    EXPECT_NEAR(device["energy_mJ"], 3 * 18, 1e-3);
    EXPECT_NE(run.file("events.jsonl").find("battery_empty"), std::string::npos);
    EXPECT_NEAR(device["samples"], end, 1.5);
  }
}

TEST(Battery, IsReplacedByAFault) {
  TemporaryFolder folder;
  std::ofstream(folder / "s.yaml") << "scenario: {name: battery, include: ["
                                   << source("scenarios/vibration-monitoring/scenario.yaml") << "]}\n"
                                   << "faults:\n"
                                   << "  - {time: 5s, type: battery_drain, target: vib_1, charge: 0%}\n"
                                   << "  - {time: 10s, type: battery_drain, target: vib_1, charge: 50%}\n";
  const ProgramResult r =
      run_program({"run", (folder / "s.yaml").string(), "-q", "--output", (folder / "run").string(), "--set",
                   "scenario.duration=20s", "--set", "devices[0].count=2"});
  const Json summary = Json::parse(read_file(folder / "run/summary.json"));
  const Json& device = summary["per_device"]["vib_1"];
  // On for 15 of 20 s; each start costs up to two windows.
  EXPECT_GE(device["samples"], 11) << r.err;
  EXPECT_LE(device["samples"], 15);
  EXPECT_NEAR(device["battery_fraction"], 0.5, 0.001);
}

}  // namespace
}  // namespace xedgesim::testing
