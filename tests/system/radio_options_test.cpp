// The radio's keys as a scenario gives them, seen through the program.
#include <gtest/gtest.h>

#include "program.h"

namespace xedgesim::testing {
namespace {

class Radio : public ::testing::Test {
 protected:
  ProgramResult run(const std::string& wireless, const std::string& more = "",
                    const std::string& device = "") {
    const auto path = folder_ / "scenario.yaml";
    std::ofstream(path)
        << "scenario: {name: t, duration: 20s, seed: 5}\n"
           "devices:\n"
           "  - {id: node, type: model, model: periodic, position: [10m, 0m], config: {report_interval: "
           "100ms, phase: 1s, packet_size: 20}"
        << device
        << "}\n"
           "network:\n  gateways: [{id: gateway}]\n  wireless: {"
        << wireless << "}\n"
        << more;
    std::filesystem::remove_all(folder_ / "run");
    return run_program({"run", path.string(), "-q", "--output", (folder_ / "run").string()});
  }
  /// Share of the packets that arrived, -1 when the run failed.
  double delivery(const std::string& wireless, const std::string& more = "", const std::string& device = "") {
    const ProgramResult r = run(wireless, more, device);
    EXPECT_EQ(r.exit_code, 0) << r.out << r.err;
    if (r.exit_code != 0) return -1;
    return nlohmann::json::parse(read_file(folder_ / "run/summary.json"))["summary"]["packet_delivery_rate"];
  }
  void matrix(const std::string& text) { std::ofstream(folder_ / "loss.csv") << text; }
  void refused(const ProgramResult& r, const std::string& part) {
    EXPECT_EQ(r.exit_code, 3) << r.out << r.err;
    EXPECT_NE(r.err.find(part), std::string::npos) << r.err;
  }
  TemporaryFolder folder_;
};

TEST_F(Radio, AMatrixSaysWhoHearsWhom) {
  const std::string keys = "channel_model: matrix, loss_matrix: loss.csv";
  matrix("from,to,loss_db\nnode,gateway,70\n");
  EXPECT_GT(delivery(keys), 0.99);
  matrix("node,gateway,70\ngateway,node,160\n");  // its acknowledgements do not arrive, the frames do
  EXPECT_GT(delivery(keys), 0.99);
  matrix("node,gateway,160\n");
  EXPECT_EQ(delivery(keys), 0);
  matrix("# nothing\n");
  EXPECT_EQ(delivery(keys), 0);
}

TEST_F(Radio, AWrongMatrixIsOneSentenceWithItsLine) {
  const std::string keys = "channel_model: matrix, loss_matrix: loss.csv";
  matrix("from,to,loss_db\nnode,gatway,70\n");
  refused(run(keys), "loss.csv:2: there is no radio named 'gatway'");
  for (const char* line :
       {"node,gateway", "node,gateway,", "node,gateway,x", "node,gateway,nan", "node,gateway,1e9", "a"}) {
    matrix(std::string(line) + "\n");
    refused(run(keys), "loss.csv:1: expected from,to,loss_db");
  }
  matrix("node,gateway,70\nnode,gateway,71\n");
  refused(run(keys), "loss.csv:2: this pair has a loss already");
  refused(run("channel_model: matrix"), "a matrix needs the key 'loss_matrix'");
}

TEST_F(Radio, RangeEndsWhereItSays) {
  EXPECT_GT(delivery("channel_model: range, max_range: 10m"), 0.99);
  EXPECT_EQ(delivery("channel_model: range, max_range: 9.9m"), 0);
}

TEST_F(Radio, ShadowingFadingAndGainsMoveTheEdgeOfReach) {
  // 10 m at exponent 6: 100 dB; sensitivity -100 dBm.
  const std::string far = "path_loss_exponent: 6";
  EXPECT_GT(delivery(far), 0.95);
  EXPECT_EQ(delivery(far + ", tx_power: -3dBm"), 0);
  EXPECT_GT(delivery(far + ", fading: rayleigh, fading_coherence: 10ms, tx_power: -3dBm"), 0.05);
  EXPECT_LT(delivery(far + ", fading: rayleigh, fading_coherence: 10ms, tx_power: -3dBm"), 0.95);
  EXPECT_GT(delivery(far + ", fading: rician, fading_k: 3dB, fading_coherence: 10ms, tx_power: -3dBm"), 0.05);
}

TEST_F(Radio, AJammerEndsItAndStops) {
  const std::string jammer =
      "  interferers: [{id: jam, type: jammer, position: [1m, 0m], power: 10dBm, start: 5s, stop: 15s}]\n";
  EXPECT_NEAR(delivery("channel: 20", jammer), 0.47, 0.03);  // 9 of the 19 s
}

TEST_F(Radio, ADeviceThatWalksAwayIsLostOnItsWay) {
  // From 10 m to 1010 m in 20 s at 50 m/s; -100 dBm at 100 m, after 1.8 s: 8 of 190 reports, and some luck.
  const double d =
      delivery("", "", ", waypoints: [{time: 0s, position: [0m, 0m]}, {time: 20s, position: [1000m, 0m]}]");
  EXPECT_GT(d, 0.03);
  EXPECT_LT(d, 0.07);
}

}  // namespace
}  // namespace xedgesim::testing
