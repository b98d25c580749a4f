#include "report/placement_search.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "report/html_report.h"
#include "result_folder.h"

namespace xedgesim::report {
namespace {

const std::vector<std::string> kMetrics{"ml_accuracy", "p95_e2e_latency_ms"};

SearchQuestion question(const std::string& objective, const std::string& subject) {
  return {.objective = experiment::parse_objective(objective, kMetrics, {}, ""),
          .requirements = experiment::parse_requirements(subject, kMetrics, {}, ""),
          .left_out = {{"hybrid", "no model"}},
          .pruned = {}};
}

const JudgedVariant& variant(const SearchAnswer& a, const std::string& name) {
  for (const JudgedVariant& v : a.variants)
    if (v.name == name) return v;
  throw std::runtime_error(name);
}

struct SearchTest : testing::Test {
  void SetUp() override {
    folder.batch();
    set = load_run_set(folder.path());
  }
  ResultFolder folder;
  RunSet set;
};

// Of the made-up batch: device 0.85, 5 to 7 ms, 2 mJ; edge 0.92, 50 ms, 1.1 to 1.3 mJ; cloud 0.90, 150 ms, 3
// mJ and one failed run.
TEST_F(SearchTest, TheBestOfThoseThatSatisfy) {
  const SearchAnswer energy = judge(set, question("energy", ""));
  EXPECT_EQ(energy.variants[*energy.best].name, "edge");
  EXPECT_EQ(energy.failed_runs, 1u);
  const SearchAnswer quick = judge(set, question("energy", "p95_latency<20ms"));
  EXPECT_EQ(quick.variants[*quick.best].name, "device");
  EXPECT_EQ(variant(quick, "edge").missed, std::vector<std::string>{"p95_latency<20ms (100.0 ms)"});
  const SearchAnswer exact = judge(set, question("p95_latency", "ml_accuracy>=0.9"));
  EXPECT_EQ(exact.variants[*exact.best].name, "edge");
}

TEST_F(SearchTest, EveryRunHasToMeetARequirement) {
  // The mean of the device's p95 is 12 ms, one run has 14.
  EXPECT_TRUE(judge(set, question("energy", "p95_latency<=14ms")).best.has_value());
  const SearchAnswer none = judge(set, question("energy", "p95_latency<13ms"));
  EXPECT_FALSE(none.best.has_value());
  EXPECT_EQ(variant(none, "device").missed, std::vector<std::string>{"p95_latency<13ms (14.00 ms)"});
  const Json j = search_json(question("energy", "p95_latency<13ms"), none);
  EXPECT_TRUE(j["answer"].is_null());
  EXPECT_NE(search_verdict(j).find("no variant satisfies this"), std::string::npos);
}

TEST_F(SearchTest, TheParetoSetIsOfThoseThatSatisfy) {
  const SearchAnswer all = judge(set, question("energy", "p95_latency<1s"));
  EXPECT_TRUE(variant(all, "device").pareto);  // quickest
  EXPECT_TRUE(variant(all, "edge").pareto);    // cheapest
  EXPECT_FALSE(variant(all, "cloud</script>").pareto);
  // Alone below 20 ms, the device has nothing to be beaten by.
  const SearchAnswer quick = judge(set, question("max:ml_accuracy", "p95_latency<20ms"));
  EXPECT_TRUE(variant(quick, "device").pareto);
  EXPECT_FALSE(variant(quick, "edge").pareto);
}

TEST_F(SearchTest, AFailedAssertionOfTheScenarioCounts) {
  auto& run = set.runs.front();
  ASSERT_EQ(run.variant, "device");
  run.summary["assertions"][0]["passed"] = false;
  const SearchAnswer a = judge(set, question("energy", "p95_latency<20ms"));
  EXPECT_FALSE(a.best.has_value());
  EXPECT_EQ(variant(a, "device").missed, std::vector<std::string>{"assertion ml_accuracy"});
}

TEST_F(SearchTest, MissingFiguresDoNotSatisfy) {
  const SearchAnswer a = judge(set, question("energy", "battery_life>1d"));
  EXPECT_FALSE(a.best.has_value());
  EXPECT_EQ(variant(a, "edge").missed, std::vector<std::string>{"battery_life>1d (no data)"});
}

TEST_F(SearchTest, ReportsShowTheSearch) {
  const SearchQuestion q = question("energy", "p95_latency<20ms");
  const Json j = search_json(q, judge(set, q));
  EXPECT_EQ(j["answer"], "device");
  EXPECT_EQ(j["left_out"][0]["reason"], "no model");
  const TextTable t = search_table(j);
  EXPECT_EQ(t.rows[0][0], "device");
  EXPECT_EQ(t.rows[0].back(), "the answer");
  EXPECT_EQ(t.rows.back().back(), "not possible: no model");
  folder.write("search.json", j.dump());
  const std::string html = html_report(load_run_set(folder.path()));
  EXPECT_NE(html.find("<h2>Placement search</h2>"), std::string::npos);
  EXPECT_NE(html.find("p95_latency&lt;20ms"), std::string::npos);
  folder.write("search.json", "{\"variants\": 3}");
  EXPECT_THROW(load_run_set(folder.path()), ConfigError);
}

}  // namespace
}  // namespace xedgesim::report
