#include "experiment/requirement.h"

#include <fmt/format.h>

#include <cstdint>

#include <gtest/gtest.h>

#include "base/error.h"

namespace xedgesim::experiment {
namespace {

const std::vector<std::string> kMetrics{"p95_e2e_latency_ms",
                                        "ml_accuracy",
                                        "tx_bytes",
                                        "samples_lost",
                                        "reliability",
                                        "packet_delivery_rate",
                                        "flow_loss_rate[FLOW]",
                                        "p95_flow_delay_ms[FLOW]"};
const std::vector<std::string> kFlows{"a", "b", "voice to all"};

std::vector<Requirement> parse(const std::string& text) {
  return parse_requirements(text, kMetrics, kFlows, "--subject");
}

std::string refusal(const std::string& text) {
  try {
    parse(text);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "accepted";
}

std::string objective_refusal(const std::string& text) {
  try {
    parse_objective(text, kMetrics, kFlows, "--objective");
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "accepted";
}

TEST(Requirement, ReadsTheIssuesExample) {
  const auto all = parse("p95_latency<100ms,accuracy>0.9");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].figure.name, "p95_e2e_latency_ms");
  EXPECT_EQ(all[0].comparison, Comparison::less);
  EXPECT_DOUBLE_EQ(all[0].limit, 100);
  EXPECT_EQ(all[0].text, "p95_latency<100ms");
  EXPECT_EQ(all[1].figure.name, "ml_accuracy_all_samples");
  EXPECT_EQ(all[1].comparison, Comparison::greater);
  EXPECT_DOUBLE_EQ(all[1].limit, 0.9);
}

TEST(Requirement, ConvertsUnitsToThoseOfTheFigure) {
  EXPECT_DOUBLE_EQ(parse("latency <= 0.25s")[0].limit, 250);
  EXPECT_DOUBLE_EQ(parse("latency<1500us")[0].limit, 1.5);
  EXPECT_DOUBLE_EQ(parse("energy<900uJ")[0].limit, 0.9);
  EXPECT_DOUBLE_EQ(parse("power<2W")[0].limit, 2000);
  EXPECT_DOUBLE_EQ(parse("battery_life>=48h")[0].limit, 2);
  EXPECT_DOUBLE_EQ(parse("reliability>=99.5%")[0].limit, 0.995);
  EXPECT_DOUBLE_EQ(parse("p95_e2e_latency_ms<100")[0].limit, 100);  // the name has the unit
  EXPECT_DOUBLE_EQ(parse("tx_bytes<1e6")[0].limit, 1e6);
  EXPECT_TRUE(parse("  ").empty());
}

TEST(Requirement, ComparesAsWritten) {
  EXPECT_FALSE(parse("latency<5ms")[0].holds(5));
  EXPECT_TRUE(parse("latency<=5ms")[0].holds(5));
  EXPECT_FALSE(parse("samples_lost>0")[0].holds(0));
  EXPECT_TRUE(parse("samples_lost>=0")[0].holds(0));
  EXPECT_TRUE(parse("samples_lost=0")[0].holds(0));
  EXPECT_FALSE(parse("samples_lost==0")[0].holds(1));
}

TEST(Requirement, NamesTheColumnOfAMistake) {
  EXPECT_EQ(
      refusal("p95_latncy<100ms"),
      "--subject, column 1: a run has no figure 'p95_latncy' — did you mean 'p95_latency'?: take one of "
      "energy, power, battery_life, latency, p50_latency, p95_latency, p99_latency, max_latency, age, "
      "accuracy, reliability, delivery, throughput, or of those that docs/experiments.md lists\n"
      "  p95_latncy<100ms\n  ^");
  EXPECT_EQ(refusal("p95_latency<100ms,accuracy!0.9").substr(0, 68),
            "--subject, column 27: one of < <= > >= = is expected here\n  p95_late");
  EXPECT_NE(refusal("accuracy>0.9 latency<1ms").find("column 14: a comma separates"), std::string::npos);
  EXPECT_NE(refusal("accuracy>").find("column 10: a number is expected"), std::string::npos);
  EXPECT_NE(refusal("accuracy>0.9,").find("column 14: a requirement is missing"), std::string::npos);
  EXPECT_NE(refusal("latency<100").find("column 9: '100' needs a unit: ns, us, ms"), std::string::npos);
  EXPECT_NE(refusal("latency<100mJ").find("column 12: 'mJ' is no unit of latency"), std::string::npos);
  EXPECT_NE(refusal("accuracy>90").find("column 10: accuracy is a share"), std::string::npos);
  EXPECT_NE(refusal("accuracy>0.9ms").find("'ms' is no unit of accuracy"), std::string::npos);
  EXPECT_NE(refusal("samples_lost<1%").find("it has none"), std::string::npos);
  EXPECT_NE(refusal("latency<nanms").find("a number is expected"), std::string::npos);
  EXPECT_NE(refusal("<5ms").find("column 1: a figure is expected"), std::string::npos);
}

TEST(Requirement, ObjectivesKnowTheirGoodSide) {
  EXPECT_EQ(parse_objective("energy", kMetrics, kFlows, "").figure.name, "energy_per_sample_mJ");
  EXPECT_EQ(parse_objective("energy", kMetrics, kFlows, "").better, Better::less);
  EXPECT_EQ(parse_objective("accuracy", kMetrics, kFlows, "").better, Better::more);
  EXPECT_EQ(parse_objective("battery_life", kMetrics, kFlows, "").better, Better::more);
  EXPECT_EQ(parse_objective("max:tx_bytes", kMetrics, kFlows, "").better, Better::more);
  EXPECT_EQ(parse_objective("min:tx_bytes", kMetrics, kFlows, "").text, "least tx_bytes");
  EXPECT_NE(objective_refusal("tx_bytes").find("column 1: 'tx_bytes' has no good side"), std::string::npos);
  EXPECT_NE(objective_refusal("energy,latency").find("column 7: one figure is the objective"),
            std::string::npos);
  EXPECT_NE(objective_refusal("").find("a figure is expected"), std::string::npos);
}

TEST(Requirement, FiguresOfAFlowNameIt) {
  const Objective o = parse_objective("flow_loss_rate[voice to all]", kMetrics, kFlows, "--objective");
  EXPECT_EQ(o.figure.name, "flow_loss_rate[voice to all]");
  EXPECT_EQ(o.better, Better::less);
  EXPECT_EQ(o.text, "least flow_loss_rate[voice to all]");
  const auto all = parse("flow_loss_rate[a]<=1%, p95_flow_delay_ms[b]<2s");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_DOUBLE_EQ(all[0].limit, 0.01);
  EXPECT_EQ(all[1].figure.name, "p95_flow_delay_ms[b]");
  EXPECT_DOUBLE_EQ(all[1].limit, 2000);
  EXPECT_EQ(
      objective_refusal("flow_loss_rate"),
      "--objective, column 1: 'flow_loss_rate' is of one flow: write flow_loss_rate[FLOW] with the flow's "
      "id\n  flow_loss_rate\n  ^");
  EXPECT_NE(objective_refusal("flow_loss_rate[]").find("is of one flow"), std::string::npos);
  EXPECT_NE(objective_refusal("min:flow_loss_rate[a").find("column 19: the bracket is not closed"),
            std::string::npos);
  EXPECT_EQ(objective_refusal("min:flow_loss_rate[vioce to all]"),
            "--objective, column 20: no flow is named 'vioce to all' — did you mean 'voice to all'?\n"
            "  min:flow_loss_rate[vioce to all]\n                     ^");
  EXPECT_NE(refusal("latency<1s,flow_loss_rate[xyzzy]<1%")
                .find("--subject, column 27: no flow is named 'xyzzy': there are a, b, voice to all\n"),
            std::string::npos);
  for (const std::string figure : {"reliability", "latency"})
    EXPECT_NE(
        objective_refusal(figure + "[a]")
            .find(fmt::format("column {}: '{}' is of the whole run: remove", figure.size() + 1, figure)),
        std::string::npos)
        << objective_refusal(figure + "[a]");
}

// Random bytes end in an answer or in a sentence with a column, never in anything else.
TEST(Requirement, TakesAnyText) {
  uint32_t state = 1;
  const std::string letters = "abenrgylatcyp95_[]<>=,.%0123456789msuJ \t\"\\\x80";
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (uint32_t n = (state >> 8) % 24; n > 0; --n) {
      state = state * 1664525 + 1013904223;
      text += letters[(state >> 16) % letters.size()];
    }
    state = state * 1664525 + 1013904223;
    try {
      parse(text);
    } catch (const ConfigError& e) {
      ASSERT_NE(std::string(e.what()).find("--subject, column "), std::string::npos) << text;
    }
  }
}

}  // namespace
}  // namespace xedgesim::experiment
