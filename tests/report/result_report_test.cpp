// REPORT.md, SUMMARY.md, charts and report.html of results with known numbers.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "base/error.h"
#include "experiment/child.h"
#include "report/batch_report.h"
#include "report/comparison.h"
#include "report/gnuplot.h"
#include "report/html_report.h"
#include "report/markdown.h"
#include "report/result_charts.h"
#include "report/result_table.h"
#include "report/run_comparison.h"
#include "report/svg_chart.h"
#include "result_folder.h"

namespace xedgesim::report {
namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

const Chart* find(const std::vector<Chart>& charts, const std::string& id) {
  for (const Chart& c : charts)
    if (c.id == id) return &c;
  return nullptr;
}

TEST(RunSetTest, ReadsARunABatchAndAScenariosLatest) {
  ResultFolder one, many, scenario;
  one.run("", 42, 0.9, 5, 1);
  EXPECT_EQ(load_run_set(one.path()).runs.at(0).seed, "42");
  many.batch();
  const RunSet batch = load_run_set(many.path());
  EXPECT_TRUE(batch.batch);
  EXPECT_EQ(batch.runs.size(), 9u);
  EXPECT_EQ(batch.variants(), (std::vector<std::string>{"device", "edge", "cloud</script>"}));
  scenario.run("2025-01-13_10-00-00", 1, 0.9, 5, 1);
  EXPECT_THROW(load_run_set(scenario.path()), ConfigError);
  std::filesystem::create_symlink("2025-01-13_10-00-00", scenario.path() / "latest");
  EXPECT_EQ(load_run_set(scenario.path()).runs.at(0).name, "demo");
}

TEST(RunSetTest, ARunThatWasInterruptedIsShownAsFarAsItWent) {
  ResultFolder folder;
  folder.run("", 42, 0.9, 5, 1);
  auto summary = nlohmann::ordered_json::parse(text_of(folder.path() / "summary.json"));
  summary["status"] = "interrupted";
  summary["reason"] = "interrupted at 4 s";
  folder.write("summary.json", summary.dump());
  const RunSet set = load_run_set(folder.path());
  const auto variants = variant_results(set);
  EXPECT_EQ(variants.at(0).mean("ml_accuracy"), 0.9);
  EXPECT_EQ(tradeoff_table(variants).rows.at(0).at(1), "1 (interrupted after 4 s)");
  EXPECT_TRUE(find(result_charts(set), "latency_by_hop"));
  // What a run leaves that was killed: nothing is known but that.
  folder.write("summary.json", R"({"status": "interrupted", "reason": "the run did not reach its end"})");
  const RunSet killed = load_run_set(folder.path());
  EXPECT_EQ(variant_results(killed).at(0).incomplete, 1u);
}

TEST(RunSetTest, StatisticsOverTheSeeds) {
  ResultFolder folder;
  folder.batch();
  const RunSet set = load_run_set(folder.path());
  const auto variants = variant_results(set);
  ASSERT_EQ(variants.size(), 3u);
  const SampleStatistics* latency = variants[0].find("avg_e2e_latency_ms");
  ASSERT_TRUE(latency);
  EXPECT_DOUBLE_EQ(latency->mean, 6);
  EXPECT_DOUBLE_EQ(*latency->deviation, 1);
  EXPECT_NEAR(*latency->ci95, 4.3027 / std::sqrt(3.0), 1e-4);
  EXPECT_EQ(variants[2].runs.size(), 2u);
  EXPECT_EQ(variants[2].incomplete, 1u);
  EXPECT_DOUBLE_EQ(*variants[0].mean("reliability"), 39.0 / 40);
  EXPECT_FALSE(variants[0].find("nothing"));
}

TEST(Markdown, OneRunHasTheGuidesLines) {
  ResultFolder folder;
  folder.run("", 42, 0.91, 5.2, 1);
  folder.write("figures/energy_over_time.png", "");
  const std::string text = run_markdown(load_run_set(folder.path()));
  for (const char* line : {"# Simulation Results: demo\n", "## Summary Statistics\n",
                           "- **Total Samples Processed:** 39\n", "- **Total Energy Consumed:** 39.00 mJ\n",
                           "- **Average End-to-End Latency:** 5.20 ms\n", "- **P95 Latency:** 10.40 ms\n",
                           "- **ML Accuracy:** 91.00%\n", "- **Packet Delivery Rate:** 97.50%\n",
                           "## Figures\n", "![Energy over time](figures/energy_over_time.png)\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

TEST(Markdown, BatchHasTheTableOfTheGuide) {
  ResultFolder folder;
  folder.batch();
  const std::string text = batch_summary_markdown(load_run_set(folder.path()));
  EXPECT_NE(text.find("| Metric | device | edge | cloud</script> |\n|---|---:|---:|---:|\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("| Accuracy | 85.00 ± 0 % | 92.00 ± 0 % | 90.00 ± 0 % |"), std::string::npos) << text;
  EXPECT_NE(text.find("| Latency, mean | 6.000 ± 2.484 ms | 50.00 ± 0 ms | 150.0 ± 0 ms |"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("9 runs of 3 variants: 6 passed, 2 with a failed assertion, 1 without a result."),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("- **cloud-seed_3**: failed: killed by signal 11 \\| <b>"), std::string::npos) << text;
}

TEST(ResultTable, CsvAndJsonLinesGiveTheSame) {
  ResultFolder folder;
  folder.run("", 1, 0.9, 5, 1);
  const auto csv =
      read_table(folder.path(), "cross_tier_metrics", {"time_us", "packet_delivery_rate", "absent"});
  ASSERT_EQ(csv.at("time_us").size(), 3u);  // the cut line is left out
  EXPECT_TRUE(std::isnan(csv.at("packet_delivery_rate")[0]));
  EXPECT_EQ(csv.at("packet_delivery_rate")[2], 0.5);
  EXPECT_TRUE(csv.at("absent").empty());
  folder.write("other.jsonl", "{\"time_us\":1}\n{\"time_us\":2,\"x\":0.5}\n{\"ti");
  const auto json = read_table(folder.path(), "other", {"time_us", "x"});
  ASSERT_EQ(json.at("time_us").size(), 2u);
  EXPECT_EQ(json.at("x")[1], 0.5);
  EXPECT_TRUE(read_table(folder.path(), "none", {"x"}).empty());
}

TEST(Charts, OfARun) {
  ResultFolder folder;
  folder.run("", 1, 0.9, 5, 1);
  const auto charts = result_charts(load_run_set(folder.path()));
  EXPECT_EQ(charts.size(), 5u);
  EXPECT_FALSE(find(charts, "pareto_energy_latency"));
  const Chart* energy = find(charts, "energy_over_time");
  ASSERT_TRUE(energy);
  ASSERT_EQ(energy->series.at(0).points.size(), 3u);
  EXPECT_DOUBLE_EQ(energy->series[0].points[2].x, 3);
  EXPECT_DOUBLE_EQ(energy->series[0].points[2].y, 3.5);
  ASSERT_EQ(energy->marks.size(), 1u);
  EXPECT_EQ(energy->marks[0].x, 2.5);
  double total = 0;
  for (const ChartPoint& p : find(charts, "latency_distribution")->series[0].points) total += p.y;
  // Hops of the three samples with a result add up to their mean latency.
  const Chart* hops = find(charts, "latency_by_hop");
  ASSERT_TRUE(hops);
  ASSERT_EQ(hops->series.size(), 2u);
  EXPECT_NEAR(hops->series[0].points.at(0).y + hops->series[1].points.at(0).y, 20.0 / 3, 1e-9);
  EXPECT_NEAR(total, 100 * 2 / 3.0, 1e-9);  // the slowest of three lies beyond the 99.5th percentile's rank
}

/// Hosts and cables only: no energy, no samples, but flows and what the cables carried.
void write_wired_run(const ResultFolder& folder) {
  folder.write("summary.json", R"({"scenario":"wired","status":"completed","duration_s":2,
    "summary":{"total_energy_mJ":0.0,"total_packets_sent":0},
    "flows":{"voice":{"from":"a","to":"b","flow_sent":200,"flow_loss_rate":0.25,"avg_flow_delay_ms":1.5,
                      "p95_flow_delay_ms":2.5,"flow_throughput_Mbps":9.5}}})");
  folder.write("cross_tier_metrics.csv", "time_us,cumulative_energy_uJ\n1000000,0.000\n2000000,0.000\n");
  folder.write("link_metrics.csv", "time_us,link,delivered_bytes,lost\n1000000,l,1000,0\n2000000,l,1000,1\n");
}

TEST(Charts, OfAWiredRunAreThoseOfItsNetwork) {
  ResultFolder folder;
  write_wired_run(folder);
  const auto charts = result_charts(load_run_set(folder.path()));
  ASSERT_EQ(charts.size(), 2u);
  EXPECT_TRUE(find(charts, "link_throughput"));
  EXPECT_TRUE(find(charts, "link_losses"));
}

TEST(RunSet, OfAFolderAboveTheResultsNamesThem) {
  ResultFolder folder;
  folder.run("lab/2026-01-01", 1, 0.9, 5, 1);
  folder.run("one", 1, 0.9, 5, 1);
  folder.write("notes/readme", "none");
  std::filesystem::create_directory_symlink("2026-01-01", folder.path() / "lab/latest");
  try {
    load_run_set(folder.path());
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("but its folders do (lab, one)"), std::string::npos) << e.what();
  }
}

TEST(Charts, ParetoViewsOfABatch) {
  ResultFolder folder;
  folder.batch();
  const auto charts = result_charts(load_run_set(folder.path()));
  const Chart* latency = find(charts, "pareto_energy_latency");
  ASSERT_TRUE(latency);
  ASSERT_EQ(latency->front.size(), 2u);  // cloud costs more and takes longer than both
  EXPECT_EQ(latency->front[0].label, "edge");
  EXPECT_EQ(latency->front[1].label, "device");
  const Chart* accuracy = find(charts, "pareto_energy_accuracy");
  ASSERT_TRUE(accuracy);
  ASSERT_EQ(accuracy->front.size(), 1u);  // the most accurate is also the cheapest
  EXPECT_EQ(accuracy->front[0].label, "edge");
}

TEST(Charts, TicksCoverTheRange) {
  for (const auto& [low, high] :
       {std::pair(0.0, 1.0), {0.0, 8313.5}, {-3.0, 4.0}, {0.9501, 0.9503}, {0.0, 1e-9}}) {
    const auto ticks = axis_ticks(low, high, 6);
    EXPECT_LE(ticks.front(), low + 1e-12);
    EXPECT_GE(ticks.back(), high - 1e-12);
    EXPECT_LE(ticks.size(), 8u);
    EXPECT_GE(ticks.size(), 3u);
  }
  EXPECT_EQ(axis_ticks(5, 5, 6).size(), 1u);
}

/// Elements open and close in order, attributes are quoted: enough that a browser shows what was meant.
void expect_well_formed(const std::string& html) {
  std::vector<std::string> open;
  for (size_t i = html.find('<'); i != std::string::npos; i = html.find('<', i + 1)) {
    const size_t end = html.find('>', i);
    ASSERT_NE(end, std::string::npos);
    std::string tag = html.substr(i + 1, end - i - 1);
    if (tag[0] == '!') continue;
    const std::string name = tag.substr(tag[0] == '/', tag.find_first_of(" /", 1) - (tag[0] == '/'));
    if (tag[0] == '/') {
      ASSERT_FALSE(open.empty());
      EXPECT_EQ(open.back(), tag.substr(1));
      open.pop_back();
    } else if (tag.back() != '/' && name != "meta" && name != "br") {
      open.push_back(name);
      if (name == "script" || name == "style") i = html.find("</" + name, i) - 1;
    }
  }
  EXPECT_TRUE(open.empty());
}

TEST(Html, OneFileThatNeedsNothingElse) {
  ResultFolder folder;
  folder.batch();
  const std::string html = html_report(load_run_set(folder.path()));
  expect_well_formed(html);
  for (const char* outside : {"http:", "https:", "src=", "href=", "url(", "@import", "fetch(", "XMLHttp"})
    EXPECT_EQ(html.find(outside), std::string::npos) << outside;
  EXPECT_NE(html.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(html.find("<title>placement &lt;&amp;&gt; &#39;x&#39;</title>"), std::string::npos);
  // A variant's name cannot end the data's element.
  const size_t begin = html.find("id=\"xedgesim-data\">") + 19, end = html.find("</script>", begin);
  const auto data = nlohmann::json::parse(html.substr(begin, end - begin));
  EXPECT_EQ(data["runs"].size(), 9u);
  EXPECT_EQ(data["runs"][2]["variant"], "cloud</script>");
  EXPECT_EQ(data["runs"][0]["figures"]["avg_e2e_latency_ms"], 5.0);
}

TEST(Flows, AreFiguresWithATableOfTheirOwn) {
  ResultFolder folder;
  write_wired_run(folder);
  const RunSet set = load_run_set(folder.path());
  const auto figures = run_figures(set.runs.front().summary);
  EXPECT_EQ(figures.at("flow_loss_rate[voice]"), 0.25);
  EXPECT_EQ(figures.at("p95_flow_delay_ms[voice]"), 2.5);
  EXPECT_EQ(figures.count("from[voice]"), 0u);
  const auto possible = possible_figures();
  for (const auto& [name, value] : figures)
    EXPECT_EQ(std::count(possible.begin(), possible.end(),
                         name.ends_with("[voice]") ? name.substr(0, name.find('[')) + "[FLOW]" : name),
              1)
        << name;
  const auto variants = variant_results(set);
  const TextTable t = flow_table(variants);
  ASSERT_EQ(t.rows.size(), 1u);
  EXPECT_EQ(t.rows[0],
            (std::vector<std::string>{"wired", "voice", "25.00 %", "1.500 ms", "2.500 ms", "9.500 Mbit/s"}));
  EXPECT_TRUE(hop_table(variants).rows.empty());
  EXPECT_EQ(tradeoff_table(variants).rows.size(), 1u) << "no energy without boards";
  const std::string report = run_markdown(set);
  EXPECT_NE(report.find("## Flows"), std::string::npos);
  EXPECT_EQ(report.find("## Latency by hop"), std::string::npos) << report;
  expect_well_formed(html_report(set));

  ResultFolder without;
  without.run("", 1, 0.9, 5, 1);
  EXPECT_TRUE(flow_table(variant_results(load_run_set(without.path()))).rows.empty());
}

TEST(Html, WritesAllReports) {
  ResultFolder folder;
  folder.batch();
  write_batch_reports(load_run_set(folder.path()));
  for (const char* name : {"REPORT.md", "SUMMARY.md", "report.html"})
    EXPECT_GT(text_of(folder.path() / name).size(), 500u) << name;
}

TEST(Html, ABatchWithoutAnyResult) {
  ResultFolder folder;
  folder.write(
      "batch.json",
      R"({"batch":"b","runs":[{"name":"x","variant":"x","overrides":[],"parameters":{},"status":"failed"}]})");
  const RunSet set = load_run_set(folder.path());
  EXPECT_TRUE(result_charts(set).empty());
  expect_well_formed(html_report(set));
  EXPECT_NE(batch_markdown(set).find("0 (1 without result)"), std::string::npos);
}

TEST(Compare, ChangesAgainstTheFirst) {
  ResultFolder a, b;
  a.run("", 1, 0.80, 5, 1);
  b.run("", 2, 0.88, 5, 1);
  const std::vector<RunSet> sets{load_run_set(a.path()), load_run_set(b.path())};
  const auto columns = compared_columns(sets);
  ASSERT_EQ(columns.size(), 2u);
  EXPECT_NE(columns[0].name, columns[1].name);
  const TextTable t = comparison_table(columns, false);
  ASSERT_EQ(t.rows.size(), 1u);
  EXPECT_EQ(t.rows[0], (std::vector<std::string>{"ml_accuracy", "0.8000", "0.8800 (+10.00 %)"}));
  EXPECT_GT(comparison_table(columns, true).rows.size(), 5u);
}

bool have_gnuplot() {
  try {
    ResultFolder folder;
    experiment::Child gnuplot({"gnuplot", "--version"}, folder.path() / "log");
    return gnuplot.wait().exit_code == 0;
  } catch (const SimulationError&) {
    return false;
  }
}

TEST(Gnuplot, DrawsEveryChartAsPngAndSvg) {
  if (!have_gnuplot()) GTEST_SKIP() << "gnuplot is not installed (Debian: gnuplot-nox)";
  ResultFolder folder;
  folder.batch();
  std::filesystem::create_directory(folder.path() / "figures");
  const auto charts = result_charts(load_run_set(folder.path()));
  const auto files = draw_with_gnuplot(charts, folder.path() / "figures");
  ASSERT_EQ(files.size(), 2 * charts.size());
  for (const auto& f : files) {
    const std::string bytes = text_of(f);
    EXPECT_GT(bytes.size(), 2000u) << f;
    if (f.extension() == ".png")
      EXPECT_EQ(bytes.substr(1, 3), "PNG") << f;
    else
      EXPECT_NE(bytes.find("</svg>"), std::string::npos) << f;
    std::filesystem::remove(f);
  }
  // By hand, in the folder of the scripts wherever that is now.
  std::filesystem::rename(folder.path() / "figures", folder.path() / "moved");
  const std::string id = charts.front().id;
  experiment::Child gnuplot(
      {"sh", "-c", "cd \"$0\" && gnuplot " + id + ".gp", (folder.path() / "moved").string()},
      folder.path() / "log");
  EXPECT_EQ(gnuplot.wait().exit_code, 0) << text_of(folder.path() / "log");
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "moved" / (id + ".png")));
}

/// Names come from users' files: none of them may run a command or end a quotation.
TEST(Gnuplot, NamesAreNotCommands) {
  ResultFolder folder;
  const std::string victim = (folder.path() / "touched").string();
  const std::string evil = "x' ; system('touch " + victim + "') ; `touch " + victim + "` \"@{\n set output";
  const Chart chart{.id = "evil",
                    .title = evil,
                    .x_label = evil,
                    .y_label = evil,
                    .series = {{evil, {{.x = 0, .y = 1}, {.x = 1, .y = 2}}}, {"two", {{.x = 0, .y = 1}}}}};
  const std::string script = gnuplot_script(chart, "png", "out.png");
  EXPECT_EQ(script.find("\n set output"), std::string::npos);
  if (!have_gnuplot()) GTEST_SKIP() << "gnuplot is not installed (Debian: gnuplot-nox)";
  Chart bars = chart;
  bars.id = "bars";
  bars.kind = Chart::Kind::stacked_bars;
  bars.categories = {evil, "b"};
  draw_with_gnuplot(std::vector{chart, bars}, folder.path());
  EXPECT_FALSE(std::filesystem::exists(victim));
  EXPECT_GT(text_of(folder.path() / "evil.png").size(), 2000u);
}

}  // namespace
}  // namespace xedgesim::report
