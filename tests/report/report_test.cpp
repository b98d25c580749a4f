#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "report/progress.h"
#include "report/terminal.h"

namespace xedgesim::report {
namespace {

using Json = nlohmann::ordered_json;

const char* const kSummary = R"({
  "scenario": "demo", "duration_s": 300, "status": "completed", "digest": "00ff", "speed_factor": 46.876,
  "summary": {"total_samples": 6000, "samples_lost": 3, "samples_in_flight": 1, "packet_delivery_rate": 0.9995,
              "total_packets_sent": 6000, "total_packets_delivered": 5997, "p50_e2e_latency_ms": 5.2,
              "p95_e2e_latency_ms": 9.25, "p99_e2e_latency_ms": 12, "max_e2e_latency_ms": 30.5,
              "min_device_energy_mJ": 96.5, "avg_device_energy_mJ": 97.25, "max_device_energy_mJ": 12345.678,
              "ml_accuracy": 0.91, "ml_accuracy_all_samples": null},
  "assertions": [{"passed": true}, {"passed": false}],
  "host": {"wall_time_s": 6.4}})";

TEST(Terminal, DrawsAlignedColumns) {
  EXPECT_EQ(render_summary(Json::parse(kSummary), "results/demo/2025-01-13_10-00-00", false),
            "+-------------------+----------------------------------------------------------+\n"
            "| scenario          | demo                                                     |\n"
            "| status            | completed                                                |\n"
            "| simulated         | 300.000 s in 6.40 s (46.9x real time)                    |\n"
            "| digest            | 00ff                                                     |\n"
            "| samples           | 6000 (3 lost, 1 in flight)                               |\n"
            "| delivery ratio    | 99.95 % (5997 of 6000 packets)                           |\n"
            "| latency           | p50 5.200 ms, p95 9.250 ms, p99 12.000 ms, max 30.500 ms |\n"
            "| energy per device | min 96.500 mJ, mean 97.250 mJ, max 12.346 J              |\n"
            "| accuracy          | 91.00 % (- with lost samples)                            |\n"
            "| assertions        | 1 of 2 passed                                            |\n"
            "| results           | results/demo/2025-01-13_10-00-00                         |\n"
            "+-------------------+----------------------------------------------------------+\n");
}

TEST(Terminal, BoxLinesAreAsWideAsTheText) {
  const std::string box = render_summary(Json::parse(kSummary), "results/größe", true);
  std::vector<size_t> widths;
  size_t columns = 0;
  for (const char c : box) {
    if (c == '\n') {
      widths.push_back(columns);
      columns = 0;
    } else if ((c & 0xc0) != 0x80) {
      ++columns;
    }
  }
  ASSERT_EQ(widths.size(), 13u);
  for (const size_t w : widths) EXPECT_EQ(w, widths[0]);
}

TEST(Terminal, StandsASummaryThatHasNothing) {
  const std::string table =
      render_summary(Json::parse(R"({"status":"interrupted","reason":"killed"})"), "x", false);
  EXPECT_NE(table.find("| interrupted: killed"), std::string::npos);
  for (const char* absent : {"samples", "delivery", "latency", "energy", "accuracy", "flow"})
    EXPECT_EQ(table.find(absent), std::string::npos) << absent;
}

TEST(Terminal, FlowsHaveARowEachUnlessThereAreMany) {
  Json summary = Json::parse(kSummary);
  const Json flow = Json::parse(R"({"from":"a","to":"b","flow_sent":200,"flow_received":150,
    "flow_loss_rate":0.25,"avg_flow_delay_ms":1.5,"p95_flow_delay_ms":null,"flow_throughput_Mbps":9.5})");
  summary["flows"]["voice"] = flow;
  EXPECT_NE(
      render_summary(summary, "x", false)
          .find("| flow voice        | 150 of 200 (25.00 % lost), mean 1.500 ms, p95 -, 9.500 Mbit/s |"),
      std::string::npos)
      << render_summary(summary, "x", false);
  for (int i = 0; i < 9; ++i) summary["flows"]["f" + std::to_string(i)] = flow;
  const std::string many = render_summary(summary, "x", false);
  EXPECT_NE(many.find("| flows             | 10: 1500 of 2000 packets received"), std::string::npos) << many;
  EXPECT_EQ(many.find("flow voice"), std::string::npos);
}

TEST(Terminal, HasTheSameFiguresAsJson) {
  const Json j = summary_figures(Json::parse(kSummary), "results/x");
  EXPECT_EQ(j["digest"], "00ff");
  EXPECT_EQ(j["p95_e2e_latency_ms"], 9.25);
  EXPECT_EQ(j["assertions_passed"], 1);
  EXPECT_EQ(j["assertions_total"], 2);
  EXPECT_EQ(j["results"], "results/x");
}

struct Printed {
  explicit Printed(bool terminal)
      : progress(
            out, terminal, [this] { return now_ns; }, Duration::s(300)) {}
  ~Printed() {
    std::fclose(out);
    std::free(buffer);
  }
  std::string text() {
    std::fflush(out);
    return std::string(buffer, size);
  }
  char* buffer = nullptr;
  size_t size = 0;
  std::FILE* out = ::open_memstream(&buffer, &size);
  int64_t now_ns = 1'736'762'408'000'000'000;  // 2025-01-13 10:00:08
  ProgressPrinter progress;
};

TEST(Progress, PrintsTheGuidesLinesWhenItIsNoTerminal) {
  Printed p(false);
  for (int s = 0; s < 300; ++s) {
    p.progress.update(SimTime::zero() + Duration::s(s));
    p.now_ns += 1'000'000'000;
  }
  p.progress.update(SimTime::zero() + Duration::s(300));
  p.progress.done(SimTime::zero() + Duration::s(300));
  EXPECT_EQ(p.text(),
            "[2025-01-13 10:00:08] Simulation running... (0%)\n"
            "[2025-01-13 10:01:08] Simulation running... (20%)\n"
            "[2025-01-13 10:02:08] Simulation running... (40%)\n"
            "[2025-01-13 10:03:08] Simulation running... (60%)\n"
            "[2025-01-13 10:04:08] Simulation running... (80%)\n"
            "[2025-01-13 10:05:08] Simulation complete (100%)\n");
}

TEST(Progress, SaysWhereAnInterruptedRunStopped) {
  Printed p(false);
  p.progress.update(SimTime::zero());
  p.progress.update(SimTime::zero() + Duration::s(123));
  p.progress.done(SimTime::zero() + Duration::s(150));
  EXPECT_EQ(p.text(),
            "[2025-01-13 10:00:08] Simulation running... (0%)\n"
            "[2025-01-13 10:00:08] Simulation running... (40%)\n"
            "[2025-01-13 10:00:08] Simulation stopped (50%)\n");
}

TEST(Progress, RewritesOneLineOfATerminal) {
  Printed p(true);
  p.progress.update(SimTime::zero());
  p.now_ns += 50'000'000;
  p.progress.update(SimTime::zero() + Duration::s(10));  // too soon to be drawn
  p.now_ns += 1'950'000'000;
  p.progress.update(SimTime::zero() + Duration::s(60));
  p.progress.log("fault: edge_failure");
  p.progress.done(SimTime::zero() + Duration::s(300));
  EXPECT_EQ(p.text(),
            "  0.0 s of 300.0 s simulated    0%"
            "\r\x1b[K  60.0 s of 300.0 s simulated   20%  30.0x real time  8 s left"
            "\r\x1b[K[2025-01-13 10:00:10] fault: edge_failure\n"
            "  60.0 s of 300.0 s simulated   20%  30.0x real time  8 s left"
            "\r\x1b[K[2025-01-13 10:00:10] Simulation complete (100%)\n");
}

}  // namespace
}  // namespace xedgesim::report
