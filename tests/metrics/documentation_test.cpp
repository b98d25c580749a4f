#include "metrics/collector.h"
#include "metrics/metric_map.h"
#include "scratch.h"

namespace xedgesim::metrics {
namespace {

/// docs/results.md is the contract for other tools: it must name what the program writes.
TEST(Documentation, NamesEveryColumnAndMetric) {
  const std::string page = read_text(std::filesystem::path(XEDGESIM_SOURCE_DIR) / "docs/results.md");
  TemporaryFolder scratch;
  RunDirectory directory({.scenario_dir = scratch.path(), .started_unix_s = 0});
  Collector collector(directory, {});
  for (const char* table :
       {"device_metrics", "network_metrics", "edge_metrics", "cloud_metrics", "cross_tier_metrics"}) {
    const std::string header = read_lines(directory.path() / (std::string(table) + ".csv")).at(0);
    EXPECT_NE(page.find("### " + std::string(table) + ".csv\n`" + header + "`\n"), std::string::npos)
        << table;
  }
  for (const std::string& column : split(read_lines(directory.path() / "spans.csv").at(0))) {
    EXPECT_NE(page.find(column), std::string::npos) << column;
  }
  for (const std::string& name : MetricMap(collector).names()) {
    if (name.ends_with("_latency_ms") || name.starts_with("energy_")) continue;  // named by a pattern
    EXPECT_NE(page.find("`" + name + "`"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace xedgesim::metrics
