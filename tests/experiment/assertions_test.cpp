#include "experiment/assertions.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "base/error.h"

namespace xedgesim::experiment {
namespace {

class AssertionsTest : public testing::Test {
 protected:
  AssertionsTest() {
    collector_.add_device("vib_1", [](SimTime) { return metrics::DeviceCounters{}; });
    map_.set("packet_loss_seen", 0.03);
    map_.set("rate", 0.97);
    map_.set("close", 0.9499);
    map_.set("packets", 5987);
    map_.set("broken", std::nan(""));
  }
  ~AssertionsTest() override { std::filesystem::remove_all(root_); }

  std::string line(Assertion a) { return evaluate(std::vector{std::move(a)}, map_).at(0).line; }
  static Assertion make(std::string metric, Operator op, double value, double upper = 0,
                        std::string text = "") {
    Assertion a;
    a.metric = std::move(metric);
    a.op = op;
    a.value = value;
    a.upper = upper;
    a.description = std::move(text);
    return a;
  }
  std::string error(Assertion a) {
    try {
      check_metrics_exist(std::vector{std::move(a)}, map_);
    } catch (const ConfigError& e) {
      return e.what();
    }
    return "";
  }

  std::filesystem::path root_ =
      std::filesystem::temp_directory_path() / ("xedgesim-assertions-" + std::to_string(::getpid()));
  metrics::RunDirectory directory_{{.scenario_dir = root_, .exact = {}, .started_unix_s = 0}};
  metrics::Collector collector_{directory_, {}};
  metrics::MetricMap map_{collector_};
};

TEST_F(AssertionsTest, PrintsTheGuidesLines) {
  EXPECT_EQ(line(make("rate", Operator::gte, 0.95, 0, "Expect >95% delivery rate in good conditions")),
            "✅ PASS: rate (0.97 gte 0.95) - Expect >95% delivery rate in good conditions");
  EXPECT_EQ(line(make("packets", Operator::gte, 6000, 0, "Expect ~6000 packets")),
            "❌ FAIL: packets (5987.00 gte 6000.00) - Expect ~6000 packets");
  EXPECT_EQ(line(make("packets", Operator::between, 5000, 6000)),
            "✅ PASS: packets (5987.00 between 5000.00 and 6000.00)");
}

TEST_F(AssertionsTest, ShowsEnoughDigitsToTellWhy) {
  EXPECT_EQ(line(make("close", Operator::gte, 0.95)), "❌ FAIL: close (0.9499 gte 0.9500)");
}

TEST_F(AssertionsTest, OperatorsCompareAsTheirNamesSay) {
  struct Case {
    Operator op;
    bool below, equal, above;
  };
  for (const Case& c : {Case{Operator::eq, false, true, false}, Case{Operator::ne, true, false, true},
                        Case{Operator::gt, false, false, true}, Case{Operator::gte, false, true, true},
                        Case{Operator::lt, true, false, false}, Case{Operator::lte, true, true, false}}) {
    const auto passed = [&](double limit) {
      return evaluate(std::vector{make("rate", c.op, limit)}, map_)[0].passed;
    };
    EXPECT_EQ(passed(1.0), c.below) << name(c.op);
    EXPECT_EQ(passed(0.97), c.equal) << name(c.op);
    EXPECT_EQ(passed(0.9), c.above) << name(c.op);
    EXPECT_EQ(parse_operator(name(c.op)), c.op);
  }
  const auto between = [&](double lo, double hi) {
    return evaluate(std::vector{make("rate", Operator::between, lo, hi)}, map_)[0].passed;
  };
  EXPECT_TRUE(between(0.97, 1));
  EXPECT_TRUE(between(0, 0.97));
  EXPECT_FALSE(between(0.98, 1));
  EXPECT_FALSE(between(0, 0.96));
  EXPECT_EQ(parse_operator("between"), Operator::between);
  EXPECT_FALSE(parse_operator(">="));
}

TEST_F(AssertionsTest, BoundsAreOperators) {
  EXPECT_EQ(Assertion::bounds("rate", 0.5, {}).op, Operator::gte);
  EXPECT_EQ(Assertion::bounds("rate", {}, 0.5).op, Operator::lte);
  const Assertion both = Assertion::bounds("rate", 0.5, 0.98);
  EXPECT_EQ(both.op, Operator::between);
  EXPECT_TRUE(evaluate(std::vector{both}, map_)[0].passed);
  EXPECT_EQ(line(Assertion::bounds("rate", {}, 0.5)), "❌ FAIL: rate (0.97 lte 0.50)");
}

TEST_F(AssertionsTest, FailsWithAReasonWithoutData) {
  EXPECT_EQ(line(make("packet_delivery_rate", Operator::gte, 0.95, 0, "delivery")),
            "❌ FAIL: packet_delivery_rate (no data gte 0.95): no packet was sent - delivery");
  EXPECT_EQ(line(make("broken", Operator::ne, 1)), "❌ FAIL: broken (no data ne 1.00): it is not a number");
}

TEST_F(AssertionsTest, RefusesWhatDoesNotExist) {
  EXPECT_EQ(
      error(make("packet_delivery_rat", Operator::gte, 1)),
      "validation.assertions: unknown metric 'packet_delivery_rat' — did you mean 'packet_delivery_rate'?; "
      "docs/results.md lists the metrics");
  EXPECT_EQ(error(make("energy_mJ[vib_3]", Operator::lte, 1)),
            "validation.assertions: metric 'energy_mJ[vib_3]' is about 'vib_3', but no device has that name "
            "— did you "
            "mean 'vib_1'?");
  EXPECT_EQ(error(make("rate", Operator::between, 2, 1)),
            "validation.assertions: the range of 'rate' is empty: 2 is above 1; swap them");
  Assertion percentile = make("e2e_latency_ms", Operator::lte, 1);
  percentile.scope.percentile = 0;
  EXPECT_NE(error(percentile), "");
  percentile.scope.percentile = 99;
  EXPECT_EQ(error(percentile), "");
  EXPECT_EQ(error(make("energy_mJ[vib_*]", Operator::lte, 1)), "");
  EXPECT_THROW(evaluate(std::vector{make("nonsense", Operator::eq, 1)}, map_), ConfigError);
}

TEST_F(AssertionsTest, NamesItsScope) {
  Assertion a = make("energy_mJ", Operator::lte, 1);
  a.scope.node = "vib_1";
  EXPECT_EQ(line(a), "✅ PASS: energy_mJ[vib_1] (0.00 lte 1.00)");
  a = make("e2e_latency_ms", Operator::lte, 1);
  a.scope.percentile = 95;
  a.scope.time.from = SimTime::zero() + Duration::s(150);
  EXPECT_EQ(
      line(a),
      "❌ FAIL: e2e_latency_ms p95 150s..end (no data lte 1.00): no figures were kept for this time range");
}

TEST_F(AssertionsTest, GoIntoTheSummary) {
  const auto results = evaluate(std::vector{make("rate", Operator::gte, 0.95, 0, "text"),
                                            make("packet_delivery_rate", Operator::gte, 0.95)},
                                map_);
  EXPECT_FALSE(all_passed(results));
  EXPECT_TRUE(all_passed(std::span(results).first(1)));
  const auto j = to_json(results);
  EXPECT_EQ(j[0].dump(),
            "{\"metric\":\"rate\",\"passed\":true,\"actual\":0.97,\"expected\":\"gte "
            "0.95\",\"description\":\"text\","
            "\"line\":\"✅ PASS: rate (0.97 gte 0.95) - text\"}");
  EXPECT_EQ(j[1]["actual"], nullptr);
  EXPECT_EQ(j[1]["reason"], "no packet was sent");
}

}  // namespace
}  // namespace xedgesim::experiment
