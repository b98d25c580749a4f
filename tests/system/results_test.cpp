// The files of a run that no other test reads, judged against its other figures.
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace xedgesim::testing
