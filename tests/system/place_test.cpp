// `xedgesim place` of the built program, and the space it searches.
#include <gtest/gtest.h>

#include <algorithm>

#include "program.h"

namespace xedgesim::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::vector<std::string> place(const fs::path& out, std::vector<std::string> more) {
  std::vector<std::string> all{"place",
                               source("scenarios/ml-placement/search/scenario.yaml"),
                               "-q",
                               "--format",
                               "json",
                               "-o",
                               out.string(),
                               "--set",
                               "scenario.duration=6s",
                               "--set",
                               "devices[0].count=2"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

Json variant(const Json& search, const std::string& name) {
  for (const Json& v : search["variants"])
    if (v["name"] == name) return v;
  return nullptr;
}

std::vector<std::string> names(const Json& list, const char* key = "name") {
  std::vector<std::string> out;
  for (const Json& v : list) out.push_back(v[key]);
  return out;
}

TEST(Place, FindsTheCheapestPlacementThatIsQuickEnough) {
  TemporaryFolder folder;
  const ProgramResult r =
      run_program(place(folder / "out", {"--objective", "energy", "--subject",
                                         "p95_latency<100ms,accuracy>0.5", "--intervals", "1s"}));
  ASSERT_EQ(r.exit_code, 0) << r.out << r.err;
  const Json j = Json::parse(r.out);
  // Hybrid behind each of the three layers that leave something to do; the cloud is too far away.
  EXPECT_EQ(
      names(j["variants"]),
      (std::vector<std::string>{"device-every_1s", "edge-every_1s", "hybrid-after_0-every_1s",
                                "hybrid-after_1-every_1s", "hybrid-after_2-every_1s", "adaptive-every_1s"}));
  ASSERT_EQ(names(j["pruned"]), std::vector<std::string>{"cloud-every_1s"});
  EXPECT_NE(j["pruned"][0]["reason"].get<std::string>().find("the way to the cloud alone takes 130 ms"),
            std::string::npos)
      << j["pruned"];
  // The answer is what its own figures say.
  double least = 1e9;
  std::string best;
  for (const Json& v : j["variants"]) {
    EXPECT_EQ(v["satisfies"], v["figures"]["p95_e2e_latency_ms"].get<double>() < 100 &&
                                  v["figures"]["ml_accuracy_all_samples"].get<double>() > 0.5)
        << v;
    if (v["satisfies"] && v["figures"]["energy_per_sample_mJ"].get<double>() < least) {
      least = v["figures"]["energy_per_sample_mJ"];
      best = v["name"];
    }
  }
  EXPECT_EQ(j["answer"], best);
  EXPECT_TRUE(variant(j, best)["pareto"].get<bool>());
  for (const char* name : {"search.json", "batch.json", "report.html", "REPORT.md"})
    EXPECT_TRUE(fs::exists(folder / "out" / name)) << name;
  EXPECT_NE(read_file(folder / "out/report.html").find("Placement search"), std::string::npos);

  // With the pruned one run too, the answer is the same, and the bound was one.
  const Json whole = Json::parse(run_program(place(folder / "out", {"--objective", "energy", "--subject",
                                                                    "p95_latency<100ms,accuracy>0.5",
                                                                    "--intervals", "1s", "--no-prune"}))
                                     .out);
  EXPECT_EQ(whole["answer"], j["answer"]);
  EXPECT_EQ(whole["pareto"], j["pareto"]);
  const Json cloud = variant(whole, "cloud-every_1s");
  EXPECT_EQ(cloud["satisfies"], false);
  EXPECT_GE(cloud["figures"]["p95_e2e_latency_ms"].get<double>(), 130);
  // What was run before was not run again.
  size_t reused = 0;
  const Json batch = Json::parse(read_file(folder / "out/batch.json"));
  for (const Json& run : batch["runs"]) reused += run["reused"].get<bool>();
  EXPECT_EQ(reused, 6u);
}

TEST(Place, ExitsWith2WhenNothingSatisfies) {
  TemporaryFolder folder;
  const ProgramResult r =
      run_program(place(folder / "out", {"--objective", "energy", "--subject", "energy<1uJ", "--placements",
                                         "device", "--intervals", "1s"}));
  EXPECT_EQ(r.exit_code, 2) << r.err;
  const Json j = Json::parse(r.out);
  EXPECT_TRUE(j["answer"].is_null());
  EXPECT_EQ(j["variants"][0]["missed"].size(), 1u);
}

TEST(Place, ASeedThatFailsDecides) {
  TemporaryFolder folder;
  const std::vector<std::string> asked{"--objective",  "latency",     "--subject",   "latency<4ms",
                                       "--placements", "device,edge", "--intervals", "1s",
                                       "--seeds",      "1,2"};
  const Json j = Json::parse(run_program(place(folder / "out", asked)).out);
  EXPECT_EQ(variant(j, "device-every_1s")["runs"], 2) << j.dump(1);
  EXPECT_EQ(variant(j, "edge-every_1s")["runs"], 1);
  EXPECT_EQ(j["answer"], "device-every_1s");
}

TEST(Place, TakesItsSpaceFromAFileAndFromFlags) {
  TemporaryFolder folder;
  std::ofstream(folder / "space.yaml") << "search:\n  placements: [hybrid, device]\n  splits: [1]\n"
                                          "  report_intervals: [1s, 3s]\n"
                                          "  vary: {'devices[0].config.tx_power': [-8dBm, 0dBm]}\n"
                                          "  objective: energy\n";
  std::vector<std::string> asked{"--space", (folder / "space.yaml").string(), "--dry-run"};
  const Json j = Json::parse(run_program(place(folder / "out", asked)).out);
  EXPECT_EQ(names(j["runs"], "variant").front(), "hybrid-after_1-every_1s-tx_power_-8dBm");
  EXPECT_EQ(j["runs"].size(), 8u);
  asked.insert(asked.end(), {"--vary", "devices[0].config.tx_power=0dBm", "--vary",
                             "devices[0].config.report_interval=2s"});
  const Json k = Json::parse(run_program(place(folder / "out", asked)).out);
  EXPECT_EQ(names(k["runs"], "variant"),
            (std::vector<std::string>{"hybrid-after_1-report_interval_2s-tx_power_0dBm",
                                      "device-report_interval_2s-tx_power_0dBm"}));
  EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST(Place, DefaultSpaceAndWhatIsNotPossible) {
  TemporaryFolder folder;
  const ProgramResult r = run_program({"place", source("scenarios/ml-placement/device/scenario.yaml"),
                                       "--objective", "power", "--dry-run", "--format", "json"});
  ASSERT_EQ(r.exit_code, 0) << r.err;
  const Json j = Json::parse(r.out);
  EXPECT_EQ(names(j["runs"], "variant"),
            (std::vector<std::string>{"device-every_1s", "device-every_2s", "device-every_4s"}));
  EXPECT_EQ(names(j["left_out"]), (std::vector<std::string>{"edge", "cloud", "hybrid", "adaptive"}));
}

TEST(Place, MistakesAreSentences) {
  const std::string file = source("scenarios/ml-placement/search/scenario.yaml");
  const auto said = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"place", file});
    const ProgramResult r = run_program(more);
    EXPECT_EQ(r.exit_code, 3) << r.out << r.err;
    return r.err;
  };
  EXPECT_NE(said({}).find("--objective is missing"), std::string::npos);
  EXPECT_NE(said({"--objective", "energy", "--subject", "p95_latency<100"}).find("--subject, column 13"),
            std::string::npos);
  EXPECT_NE(said({"--objective", "flow_loss_rate"}).find("write flow_loss_rate[FLOW] with the flow's id"),
            std::string::npos);
  EXPECT_NE(said({"--objective", "flow_loss_rate[voice]"}).find("'voice': the scenario has no flow\n"),
            std::string::npos);
  EXPECT_NE(said({"--objective", "link_loss_rate"}).find("take one of energy, power, battery_life"),
            std::string::npos)
      << "what no summary has would be without data after all the runs";
  EXPECT_NE(said({"--objective", "energy", "--placements", "moon"}).find("'moon' is none"),
            std::string::npos);
  EXPECT_NE(said({"--objective", "energy", "--splits", "9", "--placements", "hybrid"}).find("layers 0 to 3"),
            std::string::npos);
  EXPECT_NE(said({"--objective", "energy", "--vary", "x"}).find("write path=a,b,c"), std::string::npos);
  EXPECT_NE(said({"--objective", "energy", "--devices", "vab"}).find("no group of devices 'vab'"),
            std::string::npos);
  EXPECT_NE(said({"--objective", "energy", "--space", "/nonexistent.yaml"}).find("/nonexistent.yaml"),
            std::string::npos);
  const ProgramResult none =
      run_program({"place", source("scenarios/hello/scenario.yaml"), "--objective", "energy"});
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_NE(none.err.find("there is nothing to place"), std::string::npos) << none.err;
}

}  // namespace
}  // namespace xedgesim::testing
