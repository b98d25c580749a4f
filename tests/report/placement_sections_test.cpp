#include "report/placement_sections.h"

#include <gtest/gtest.h>

#include "report/html_report.h"
#include "report/markdown.h"
#include "result_folder.h"

namespace xedgesim::report {
namespace {

nlohmann::ordered_json placement(double p50, int right, int wrong, int lost) {
  return {
      {"samples", right + wrong + lost + 1},
      {"results", right + wrong},
      {"samples_lost", lost},
      {"samples_in_flight", 1},
      {"ran_at", {{"edge", right + wrong}}},
      {"lost_causes", {{"no_ack", lost}}},
      {"accuracy", static_cast<double>(right) / (right + wrong)},
      {"auc", nullptr},
      {"classes",
       {{"good", {{"precision", 1.0}, {"recall", 0.5}, {"f1", 2.0 / 3}, {"auc", 0.75}, {"lost", lost}}},
        {"bad", {{"precision", nullptr}, {"recall", 0.25}, {"f1", nullptr}, {"auc", 0.75}, {"lost", 0}}}}},
      {"confusion", {{right, wrong}, {0, 0}}},
      {"latency", {{"mean_ms", p50}, {"p50_ms", p50}, {"p95_ms", 9.0}, {"p99_ms", 12.0}}},
      {"hops", {{"air", {{"count", 4}, {"mean_ms", 2.0}, {"p50_ms", 1.5}, {"p95_ms", 3.0}}}}},
      {"energy_per_sample_mJ", 1.5},
      {"energy_per_sample_by_cause_mJ", {{"radio_tx", 0.5}, {"lfclk", 0.0}}},
      {"on_device", {{"cycles_per_inference", 8934.0}, {"arena_bytes", 544}}}};
}

/// Two seeds of one variant.
struct TwoSeeds : ResultFolder {
  TwoSeeds() {
    nlohmann::ordered_json runs = nlohmann::ordered_json::array();
    for (int seed = 1; seed <= 2; ++seed) {
      const std::string name = "adaptive-seed_" + std::to_string(seed);
      runs.push_back({{"name", name},
                      {"variant", "adaptive"},
                      {"seed", std::to_string(seed)},
                      {"status", "passed"},
                      {"overrides", nlohmann::ordered_json::array()},
                      {"parameters", nlohmann::ordered_json::object()}});
      run(name, seed, 0.9, 5, 1);
      nlohmann::ordered_json summary;
      std::ifstream(path() / name / "summary.json") >> summary;
      summary["placements"]["adaptive"] = placement(4.0 * seed, 10 * seed, seed, 3);
      write(name + "/summary.json", summary.dump());
      write(
          name + "/events.jsonl",
          R"({"time_us":1500000,"type":"placement","node":"vib_1","message":"inference moves to device: the link is poor","sample":7})"
          "\n{\"time_us\":2000000,\"type\":\"log\",\"message\":\"\\\"placement\\\"\"}\n"
          R"({"time_us":4250000,"type":"placement","node":"vib_2","message":"inference moves to device: the link is poor","sample":9})"
          "\n");
    }
    write("batch.json", nlohmann::ordered_json{{"batch", "b"}, {"runs", runs}}.dump());
  }
};

const TextTable& table(const std::vector<ReportSection>& all, const std::string& title) {
  static const TextTable kNone;
  for (const ReportSection& s : all)
    if (s.title == title) return s.table;
  ADD_FAILURE() << "no section " << title;
  return kNone;
}

using Row = std::vector<std::string>;

TEST(PlacementSections, CountsAreSumsAndFiguresMeans) {
  const TwoSeeds folder;
  const auto all = placement_sections(load_run_set(folder.path()));
  const Row samples = table(all, "Samples of each placement").rows.at(0);
  EXPECT_EQ(samples, (Row{"adaptive", "edge 33", "no_ack 6", "41", "33", "6", "2", "90.91", "-", "-", "6.000",
                          "6.000", "9.000", "12.00"}));
  const TextTable& classes = table(all, "Classes and confusion");
  EXPECT_EQ(classes.header.at(6), "taken for good");
  EXPECT_EQ(classes.rows.at(0),
            (Row{"adaptive", "good", "1.000", "0.5000", "0.6667", "0.7500", "30", "3", "6"}));
  EXPECT_EQ(classes.rows.at(1), (Row{"adaptive", "bad", "-", "0.2500", "-", "0.7500", "0", "0", "0"}));
  EXPECT_EQ(table(all, "Latency by hop, percentiles").rows.at(0),
            (Row{"adaptive", "air", "8", "2.000", "1.500", "3.000", "-", "-"}));
  const TextTable& energy = table(all, "Energy of a sample by cause, mJ");
  EXPECT_EQ(energy.header,
            (Row{"placement", "in all", "radio_tx", "inference alone", "its cycles", "arena bytes"}));
  EXPECT_EQ(energy.rows.at(0), (Row{"adaptive", "1.500", "0.5000", "-", "8934", "544.0"}));
}

TEST(PlacementSections, ChangesSayWhenAndWhy) {
  const TwoSeeds folder;
  const RunSet set = load_run_set(folder.path());
  const auto all = placement_sections(set);
  const TextTable& kinds = table(all, "Changes of placement");
  ASSERT_EQ(kinds.rows.size(), 2u);
  EXPECT_EQ(kinds.rows[0],
            (Row{"adaptive-seed_1", "inference moves to device: the link is poor", "2", "1.500", "4.250"}));
  EXPECT_EQ(
      table(all, "Changes of placement, one by one").rows.at(1),
      (Row{"adaptive-seed_1", "vib_2", "inference moves to device: the link is poor", "4.250000", "9"}));
  for (const std::string& text : {batch_markdown(set), html_report(set)})
    for (const char* part : {"inference moves to device: the link is poor", "taken for good", "no_ack 6"})
      EXPECT_NE(text.find(part), std::string::npos) << part;
}

TEST(PlacementSections, RunsWithoutPlacementsHaveNone) {
  ResultFolder folder;
  folder.batch();
  EXPECT_TRUE(placement_sections(load_run_set(folder.path())).empty());
}

}  // namespace
}  // namespace xedgesim::report
