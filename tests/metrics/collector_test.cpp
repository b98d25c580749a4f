#include "metrics/collector.h"

#include <algorithm>

#include "base/error.h"
#include "metrics/metric_map.h"
#include "metrics/summary.h"
#include "metrics/trace_writer.h"
#include "scratch.h"

namespace xedgesim::metrics {
namespace {

SimTime ms(int64_t v) { return SimTime::zero() + Duration::ms(v); }

/// Two devices, one edge service and one cloud service for one second, collected twice.
struct SmallRun {
  explicit SmallRun(CollectorOptions options = {}, std::string name = "demo")
      : directory({.scenario_dir = scratch / name, .exact = {}, .started_unix_s = 0}),
        collector(directory, std::move(options)) {
    for (int i = 0; i < 2; ++i) {
      collector.add_device("vib_" + std::to_string(i + 1), [this, i](SimTime) { return counters[i]; });
    }
    collector.add_edge("gateway_1", [this](SimTime) { return edge; });
    collector.add_cloud("cloud_backend", [this](SimTime) { return cloud; });
  }

  void go() {
    SpanRecorder& spans = collector.spans();
    NetworkRecorder& network = collector.network();
    const DeviceIndex a{0}, b{1};
    spans.mark(a, 0, Stage::sense_begin, ms(0));
    spans.mark(a, 0, Stage::sense_end, ms(100));
    spans.truth(a, 0, 1);
    network.sent(a, ms(100));
    network.transmission(2405, ms(101), ms(103));
    network.delivered(a, ms(100), ms(103));
    spans.prediction(a, 0, 1, 0.9);
    spans.mark(a, 0, Stage::result, ms(110));
    spans.mark(b, 0, Stage::sense_end, ms(200));
    spans.truth(b, 0, 0);
    network.sent(b, ms(200));
    network.transmission(2405, ms(201), ms(203));
    counters[0] = {.cycles = 640'000,
                   .instructions = 500'000,
                   .active = Duration::ms(10),
                   .asleep = Duration::ms(490),
                   .tx_bytes = 64,
                   .rx_bytes = 5,
                   .tx_packets = 1,
                   .rx_packets = 1,
                   .cca_busy = 0,
                   .uart_tx_bytes = 12,
                   .uart_rx_bytes = 3,
                   .gpio_changes = 4,
                   .wakeups = 5,
                   .memory_bytes = 24'576,
                   .energy = {{"cpu_active", 6'400'000}, {"radio_tx", 28'800}, {"saadc", 1'001}},
                   .battery_fraction = 0.999999,
                   .depleted_at = {},
                   .battery_life_s = 86'400.0 * 100};
    counters[1] = {.cycles = 1'000,
                   .instructions = 900,
                   .active = Duration::us(15),
                   .asleep = Duration::ns(499'985'500),
                   .energy = {{"sleep", 2'250}}};
    edge = {.busy = Duration::ms(25),
            .processors = 1,
            .memory_bytes = 3 * 1024 * 1024 / 2,
            .requests_processed = 1,
            .requests_failed = 0,
            .network_tx_bytes = 100,
            .network_rx_bytes = 200,
            .processing = Duration::us(7'000),
            .queue_depth = 2};
    cloud = {
        .requests = 1, .stored = 1, .answers = 1, .processing = Duration::ms(2), .latency = Duration::ms(20)};
    collector.collect(ms(500));

    spans.lost(b, 0, Stage::rx_gateway, "no_ack", ms(600));
    network.dropped(b, ms(200), "no_ack");
    spans.mark(a, 1, Stage::sense_end, ms(800));
    spans.truth(a, 1, 0);
    network.sent(a, ms(800));
    network.collision();
    network.delivered(a, ms(800), ms(804));
    spans.prediction(a, 1, 1, 0.6);
    spans.mark(a, 1, Stage::result, ms(830));
    spans.mark(b, 1, Stage::sense_end, ms(990));
    counters[0].cycles = 650'000;
    counters[0].energy[0].nanojoules = 6'500'000;
    counters[0].tx_packets = 2;
    counters[1].asleep = Duration::ms(1000);
    counters[1].energy[0].nanojoules = 4'500;
    edge.requests_processed = 3;
    edge.processing = Duration::us(10'001);
    collector.finish(ms(1000));
  }

  std::vector<std::string> lines(const std::string& file) { return read_lines(directory.path() / file); }

  TemporaryFolder scratch;
  RunDirectory directory;
  Collector collector;
  DeviceCounters counters[2];
  EdgeCounters edge;
  CloudCounters cloud;
};

using Lines = std::vector<std::string>;

TEST(Collector, WritesTheSeedsTablesWithAmountsOfEachInterval) {
  SmallRun run;
  run.go();
  EXPECT_EQ(
      run.lines("device_metrics.csv"),
      (Lines{
          "node_id,time_us,cycles,energy_uJ,tx_bytes,rx_bytes,sleep_time_us,active_time_us,instructions,"
          "memory_kb,tx_packets,rx_packets,cca_busy,cpu_active_uJ,sleep_uJ,radio_tx_uJ,radio_rx_uJ,"
          "radio_idle_uJ,other_uJ,battery_fraction,uart_tx_bytes,uart_rx_bytes,gpio_changes,wakeups",
          "vib_1,500000,640000,6429.801,64,5,490000,10000,500000,24,1,1,0,6400.000,0.000,28.800,0.000,0.000,"
          "1.001,0.999999000,12,3,4,5",
          "vib_2,500000,1000,2.250,0,0,499985,15,900,0,0,0,0,0.000,2.250,0.000,0.000,0.000,0.000,,0,0,0,0",
          "vib_1,1000000,10000,100.000,0,0,0,0,0,24,1,0,0,100.000,0.000,0.000,0.000,0.000,0.000,0.999999000,"
          "0,0,0,0",
          "vib_2,1000000,0,2.250,0,0,500015,0,0,0,0,0,0,0.000,2.250,0.000,0.000,0.000,0.000,,0,0,0,0"}));
  EXPECT_EQ(
      run.lines("network_metrics.csv"),
      (Lines{"time_us,packets_sent,packets_delivered,packets_dropped,avg_latency_us,channel_utilization,"
             "max_latency_us,collisions,frames_on_air",
             "500000,2,1,0,3000.000,0.008000,3000.000,0,2", "1000000,1,1,1,4000.000,0.000000,4000.000,1,0"}));
  EXPECT_EQ(
      run.lines("edge_metrics.csv"),
      (Lines{"container_id,time_us,cpu_percent,memory_mb,requests_processed,requests_failed,network_tx_bytes,"
             "network_rx_bytes,avg_processing_time_us,queue_depth",
             "gateway_1,500000,5.000,1.500,1,0,100,200,7000.000,2",
             "gateway_1,1000000,0.000,1.500,2,0,0,0,1500.500,2"}));
  EXPECT_EQ(
      run.lines("cloud_metrics.csv"),
      (Lines{
          "service_id,time_us,requests,avg_processing_time_us,avg_latency_us,stored,answers,requests_failed,"
          "tx_bytes,rx_bytes,queue_depth",
          "cloud_backend,500000,1,2000.000,20000.000,1,1,0,0,0,0", "cloud_backend,1000000,0,,,0,0,0,0,0,0"}));
  EXPECT_EQ(
      run.lines("cross_tier_metrics.csv"),
      (Lines{"time_us,e2e_latency_us,total_energy_uJ,ml_accuracy,samples_processed,packet_delivery_rate,"
             "system_throughput,samples_lost,samples_classified,samples_correct,cumulative_energy_uJ,"
             "cumulative_ml_accuracy,cumulative_samples_processed,cumulative_packet_delivery_rate",
             "500000,10000.000,6432.051,1.000000,1,1.000000,2.000,0,1,1,6432.051,1.000000,1,1.000000",
             "1000000,30000.000,102.250,0.000000,1,0.500000,2.000,1,1,0,6534.301,0.500000,2,0.666667"}));
  EXPECT_EQ(run.lines("spans.csv").size(), 5u);
}

TEST(Collector, WritesJsonLinesWhenAsked) {
  SmallRun run({.formats = {.csv = false, .json = true}, .selection = {}, .classes = {}, .ranges = {}});
  run.go();
  EXPECT_FALSE(std::filesystem::exists(run.directory.path() / "device_metrics.csv"));
  EXPECT_EQ(run.lines("network_metrics.jsonl")[0],
            "{\"time_us\":500000,\"packets_sent\":2,\"packets_delivered\":1,\"packets_dropped\":0,"
            "\"avg_latency_us\":3000.000,\"channel_utilization\":0.008000,\"max_latency_us\":3000.000,"
            "\"collisions\":0,\"frames_on_air\":2}");
  for (const char* file :
       {"device_metrics", "edge_metrics", "cloud_metrics", "cross_tier_metrics", "spans"}) {
    for (const auto& line : run.lines(std::string(file) + ".jsonl")) {
      EXPECT_TRUE(nlohmann::json::accept(line)) << line;
    }
  }
}

TEST(Collector, WritesOnlyWhatIsSelected) {
  EXPECT_THROW(selection_from({"device_enrgy"}), ConfigError);
  try {
    selection_from({"device_enrgy"});
  } catch (const ConfigError& e) {
    EXPECT_TRUE(std::string(e.what()).starts_with(
        "metrics.collect: unknown name 'device_enrgy' — did you mean 'device_energy'?; known are "))
        << e.what();
  }
  // As printed in the guide 2.2.
  const Selection all = selection_from({"device_energy", "packet_latency", "packet_loss",
                                        "end_to_end_latency", "ml_inference_time", "ml_accuracy"});
  EXPECT_TRUE(all.device && all.network && all.edge && all.cross_tier && all.spans);
  SmallRun run({.formats = {}, .selection = selection_from({"packet_loss"}), .classes = {}, .ranges = {}});
  run.go();
  EXPECT_TRUE(std::filesystem::exists(run.directory.path() / "network_metrics.csv"));
  EXPECT_FALSE(std::filesystem::exists(run.directory.path() / "device_metrics.csv"));
  EXPECT_FALSE(std::filesystem::exists(run.directory.path() / "spans.csv"));
}

TEST(MetricMap, KnowsTheRunsFigures) {
  SmallRun run({.formats = {}, .selection = {}, .classes = {"healthy", "fault"}, .ranges = {}});
  run.go();
  MetricMap m(run.collector);
  const auto value = [&](const char* name, Scope scope = {}) {
    return m.get(name, scope).value.value_or(-1);
  };
  EXPECT_EQ(value("total_samples"), 4);
  EXPECT_EQ(value("samples_processed"), 2);
  EXPECT_EQ(value("samples_lost"), 1);
  EXPECT_EQ(value("samples_in_flight"), 1);
  EXPECT_EQ(value("total_packets_sent"), 3);
  EXPECT_DOUBLE_EQ(value("packet_delivery_rate"), 2.0 / 3);
  EXPECT_EQ(value("ml_accuracy"), 0.5);
  EXPECT_DOUBLE_EQ(value("ml_accuracy_all_samples"), 1.0 / 3);
  EXPECT_DOUBLE_EQ(value("total_energy_mJ"), 6.534301);
  EXPECT_DOUBLE_EQ(value("energy_mJ[vib_2]"), 0.0045);
  EXPECT_DOUBLE_EQ(value("energy_mJ[vib_*]"), 6.534301);
  EXPECT_DOUBLE_EQ(value("min_device_energy_mJ"), 0.0045);
  EXPECT_DOUBLE_EQ(value("energy_radio_tx_mJ"), 0.0288);
  EXPECT_DOUBLE_EQ(value("energy_saadc_mJ[vib_1]"), 0.001001);
  EXPECT_EQ(value("avg_e2e_latency_ms"), 20);
  EXPECT_EQ(value("p95_e2e_latency_ms"), 30);
  EXPECT_EQ(value("e2e_latency_ms", {.node = "", .time = {}, .percentile = 50}), 10);
  EXPECT_EQ(value("avg_packet_latency_ms"), 3.5);
  EXPECT_EQ(value("avg_sensing_latency_ms"), 100);
  EXPECT_EQ(value("precision_fault"), 0.5);
  EXPECT_EQ(value("recall_fault"), 1);
  EXPECT_DOUBLE_EQ(value("channel_utilization"), 0.004);
  EXPECT_EQ(value("system_throughput"), 2);
  EXPECT_EQ(value("battery_life_days"), 100);
  EXPECT_EQ(value("duration_s"), 1);
  EXPECT_FALSE(m.get("packet_delivery_rat").known);
  EXPECT_FALSE(m.get("energy_of_the_sun_mJ").known);
  EXPECT_EQ(m.get("precision_healthy").reason, "no sample was said to be of this class");
  EXPECT_EQ(m.get("energy_mJ[vib_9]").reason, "no device is named 'vib_9'");
  EXPECT_EQ(m.get("avg_air_latency_ms").reason, "there is no such latency in this scope");
  EXPECT_EQ(m.get("collisions[vib_1]").reason, "it is kept for the whole system only; drop the node");
  m.set("temperature", 21);
  EXPECT_EQ(value("temperature"), 21);
  for (const std::string& name : m.names()) EXPECT_TRUE(m.get(name).known) << name;
}

TEST(MetricMap, ScopesToATimeRange) {
  const TimeRange second_half{ms(500), ms(1000)};
  SmallRun run({.formats = {}, .selection = {}, .classes = {}, .ranges = {second_half, second_half}});
  EXPECT_EQ(run.collector.extra_times(), (std::vector{ms(500), ms(1000)}));
  run.go();
  const MetricMap m(run.collector);
  const Scope scope{.node = "", .time = second_half, .percentile = {}};
  EXPECT_EQ(*m.get("total_samples", scope).value, 2);
  EXPECT_DOUBLE_EQ(*m.get("energy_mJ", scope).value, 0.10225);
  EXPECT_DOUBLE_EQ(*m.get("energy_sleep_mJ[vib_2]", scope).value, 0.00225);
  EXPECT_EQ(*m.get("packet_delivery_rate", scope).value, 1);
  EXPECT_EQ(*m.get("duration_s", scope).value, 0.5);
  EXPECT_EQ(*m.get("cycles", scope).value, 10'000);
  const Scope other{.node = "", .time = {ms(0), ms(1)}, .percentile = {}};
  EXPECT_EQ(m.get("energy_mJ", other).reason, "no figures were kept for this time range");
}

TEST(Summary, HasTheSeedsShape) {
  SmallRun run({.formats = {}, .selection = {}, .classes = {"healthy", "fault"}, .ranges = {}});
  run.go();
  const MetricMap m(run.collector);
  RunInfo info;
  info.scenario = "vibration-baseline";
  info.duration = Duration::s(1);
  info.requested_duration = Duration::s(1);
  info.digest = "00ff";
  info.seed = 42;
  info.version = "0.1.0";
  HostInfo host;
  host.wall_time_s = 0.25;
  const Json j = build_summary(run.collector, m, info, host);
  EXPECT_EQ(j["scenario"], "vibration-baseline");
  EXPECT_EQ(j["duration_s"].dump(), "1");
  EXPECT_EQ(j["status"], "completed");
  EXPECT_EQ(j["speed_factor"], 4.0);
  EXPECT_EQ(j["seed"], 42);
  EXPECT_EQ(j["summary"]["total_samples"].dump(), "4");
  EXPECT_EQ(j["summary"]["total_energy_mJ"], 6.534301);
  EXPECT_EQ(j["summary"]["avg_e2e_latency_ms"], 20.0);
  EXPECT_EQ(j["summary"]["p50_e2e_latency_ms"], 10.0);
  EXPECT_EQ(j["summary"]["ml_accuracy"], 0.5);
  EXPECT_EQ(j["per_device"]["vib_1"]["samples"], 2);
  EXPECT_EQ(j["per_device"]["vib_1"]["energy_mJ"], 6.529801);
  EXPECT_EQ(j["per_device"]["vib_1"]["tx_packets"], 2);
  EXPECT_EQ(j["per_device"]["vib_1"]["rx_packets"], 1);
  EXPECT_EQ(j["per_device"]["vib_1"]["energy_by_cause_mJ"].dump(),
            "{\"cpu_active\":6.5,\"radio_tx\":0.0288,\"saadc\":0.001001}");
  EXPECT_EQ(j["per_device"]["vib_2"]["avg_e2e_latency_ms"], nullptr);
  EXPECT_EQ(j["confusion"]["matrix"].dump(), "[[0,1],[0,1]]");
  EXPECT_EQ(j["confusion"]["lost"].dump(), "[1,0]");
  EXPECT_EQ(j["lost_causes"].dump(), "{\"no_ack\":1}");
  EXPECT_EQ(j["hops"]["sensing"]["count"], 1);
  EXPECT_FALSE(without_host(j).contains("host"));
  write_summary(run.directory, j);
  EXPECT_EQ(Json::parse(read_text(run.directory.path() / "summary.json")), j);
}

TEST(Summary, IsEqualForEqualRunsBarTheHost) {
  std::vector<std::string> texts, tables;
  for (int i = 0; i < 2; ++i) {
    SmallRun run;
    run.go();
    HostInfo host;
    host.wall_time_s = 1 + i;
    host.cpu = std::to_string(i);
    texts.push_back(without_host(build_summary(run.collector, MetricMap(run.collector), {}, host)).dump());
    std::string all;
    for (const char* t :
         {"device_metrics", "network_metrics", "edge_metrics", "cross_tier_metrics", "spans"}) {
      all += read_text(run.directory.path() / (std::string(t) + ".csv"));
    }
    tables.push_back(all);
  }
  EXPECT_EQ(texts[0], texts[1]);
  EXPECT_EQ(tables[0], tables[1]);
}

TEST(Summary, OfARunWithoutAnythingIsValid) {
  TemporaryFolder scratch;
  RunDirectory directory({.scenario_dir = scratch.path(), .exact = {}, .started_unix_s = 0});
  Collector collector(directory, {});
  collector.finish(SimTime::zero());
  const Json j = build_summary(collector, MetricMap(collector), {}, {});
  EXPECT_EQ(j["summary"]["packet_delivery_rate"], nullptr);
  EXPECT_EQ(j["summary"]["total_samples"], 0);
  EXPECT_TRUE(j["per_device"].is_object());
  EXPECT_EQ(read_text(directory.path() / "events.jsonl"), "");
}

TEST(EventLog, WritesOneObjectALineWhateverTheText) {
  TemporaryFolder scratch;
  RunDirectory directory({.scenario_dir = scratch.path(), .exact = {}, .started_unix_s = 0});
  EventLog log(directory);
  log.add(ms(150'000), "fault", "gateway_1", "edge_failure: Simulate gateway crash",
          {{"duration_us", 30'000'000}});
  log.add(ms(1), "log", "vib_1", "a \"quote\",\na newline and \xff\xfe");
  log.flush();
  const auto lines = read_lines(directory.path() / "events.jsonl");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(
      lines[0],
      "{\"time_us\":150000000,\"type\":\"fault\",\"node\":\"gateway_1\",\"message\":\"edge_failure: Simulate "
      "gateway crash\",\"duration_us\":30000000}");
  EXPECT_TRUE(nlohmann::json::accept(lines[1]));
}

TEST(TableWriter, QuotesTextAndKeepsARowALine) {
  TemporaryFolder scratch;
  RunDirectory directory({.scenario_dir = scratch.path(), .exact = {}, .started_unix_s = 0});
  TableWriter table(directory, "t", {"a", "b", "c"}, {.csv = true, .json = true});
  EXPECT_EQ(read_text(directory.path() / "t.csv"), "a,b,c\n");
  table.row({"x,\"y\"\nz", -5, Decimal{-5, 3}});
  table.row({Cell(), int64_t{1} << 62, rounded(2.0 / 3, 4)});
  table.flush();
  EXPECT_EQ(read_text(directory.path() / "t.csv"),
            "a,b,c\n\"x,\"\"y\"\" z\",-5,-0.005\n,4611686018427387904,0.6667\n");
  EXPECT_EQ(read_lines(directory.path() / "t.jsonl")[0], R"({"a":"x,\"y\"\nz","b":-5,"c":-0.005})");
}

TEST(Decimal, RatiosRoundHalvesAwayFromZero) {
  EXPECT_EQ(ratio(1, 3, 6)->text(), "0.333333");
  EXPECT_EQ(ratio(1, 2, 0)->text(), "1");
  EXPECT_EQ(ratio(-1, 2, 0)->text(), "-1");
  EXPECT_EQ(ratio(-1, 3, 3)->text(), "-0.333");
  EXPECT_EQ(ratio(9'000'000'000'000'000'000, 9'000'000'000'000'000'000, 9)->text(), "1.000000000");
  EXPECT_FALSE(ratio(1, 0, 3));
}

TEST(TraceWriter, IsValidAtEveryFlush) {
  TemporaryFolder scratch;
  RunDirectory directory({.scenario_dir = scratch.path(), .exact = {}, .started_unix_s = 0});
  TraceWriter trace(directory);
  const auto parsed = [&] {
    return nlohmann::json::parse(read_text(directory.path() / "trace.perfetto.json"));
  };
  EXPECT_EQ(parsed().size(), 1u);
  trace.state("vib_1", "cpu", "awake", ms(1));
  trace.state("vib_1", "cpu", "awake", ms(2));
  trace.state("vib_1", "cpu", "", ms(3));
  trace.flush();
  const auto once = parsed();
  ASSERT_EQ(once.size(), 4u);
  EXPECT_EQ(once[3]["name"], "awake");
  EXPECT_EQ(once[3]["ts"], 1000.0);
  EXPECT_EQ(once[3]["dur"], 2000.0);
  trace.state("vib_1", "radio", "rx", ms(4));
  Span span;
  span.at[static_cast<size_t>(Stage::tx_start)] = ms(5);
  span.at[static_cast<size_t>(Stage::rx_gateway)] = ms(8);
  trace.span("vib_1", span);
  trace.finish(ms(10));
  const auto all = parsed();
  EXPECT_EQ(all.size(), 4u + 2 + 2);
  EXPECT_EQ(all.back()["name"], "rx");
  EXPECT_EQ(all.back()["dur"], 6000.0);
}

/// 10,000 devices with 300 samples each: figures right, memory bounded (open samples are few).
TEST(Collector, HandlesThreeMillionSamples) {
#if defined(__SANITIZE_ADDRESS__)
  const uint32_t devices = 1'000;
#else
  const uint32_t devices = 10'000;
#endif
  const uint32_t samples = 300;
  TemporaryFolder scratch;
  RunDirectory directory({.scenario_dir = scratch.path(), .exact = {}, .started_unix_s = 0});
  CollectorOptions options;
  options.selection = selection_from({"end_to_end_latency", "packet_loss"});
  Collector collector(directory, options);
  for (uint32_t d = 0; d < devices; ++d) {
    collector.add_device("vib_" + std::to_string(d + 1), [](SimTime) { return DeviceCounters{}; });
  }
  int64_t most_open = 0;
  for (uint32_t s = 0; s < samples; ++s) {
    const SimTime t = SimTime::zero() + Duration::s(s + 1);
    for (uint32_t d = 0; d < devices; ++d) {
      const DeviceIndex device{d};
      const SimTime begin = t + Duration::us(d);
      collector.spans().mark(device, s, Stage::sense_end, begin);
      collector.spans().mark(device, s, Stage::tx_start, begin + Duration::us(400));
      collector.spans().mark(device, s, Stage::rx_gateway, begin + Duration::us(2'000));
      collector.spans().truth(device, s, 1);
      collector.spans().prediction(device, s, 1);
      collector.spans().mark(device, s, Stage::result, begin + Duration::us(5'000 + (d + s) % 1'000));
    }
    most_open = std::max(most_open, collector.spans().open_count());
    collector.collect(t + Duration::ms(999));
  }
  collector.finish(SimTime::zero() + Duration::s(samples + 2));
  EXPECT_LE(most_open, int64_t{devices} * 2);
  const MetricMap m(collector);
  EXPECT_EQ(*m.get("total_samples").value, double{devices} * samples);
  EXPECT_EQ(*m.get("ml_accuracy").value, 1);
  EXPECT_EQ(*m.get("p50_e2e_latency_ms").value, 5.499);
  EXPECT_EQ(*m.get("max_e2e_latency_ms").value, 5.999);
  EXPECT_EQ(*m.get("avg_air_latency_ms").value, 1.6);
  std::ifstream in(directory.path() / "spans.csv");
  int64_t rows = -1;
  for (std::string line; std::getline(in, line);) ++rows;
  EXPECT_EQ(rows, int64_t{devices} * samples);
}

}  // namespace
}  // namespace xedgesim::metrics
