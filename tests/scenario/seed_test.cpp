#include <gtest/gtest.h>

#include "scenario/expand.h"
#include "support.h"

namespace xedgesim::scenario {
namespace {

TEST(Seed, Section22LoadsAsPrinted) {
  const LoadResult r = load_scenario(kData + "seed_2_2.yaml", no_files());
  ASSERT_EQ(to_text(r.errors), "");
  EXPECT_EQ(to_text(r.warnings), "");
  const Scenario& s = r.scenario;
  EXPECT_EQ(s.meta.name, "vibration-monitoring-baseline");
  EXPECT_EQ(s.meta.duration, Duration::s(300));
  EXPECT_EQ(s.meta.seed, 42u);
  ASSERT_EQ(s.devices.size(), 1u);
  const Device& d = s.devices[0];
  EXPECT_EQ(d.count, 20);
  EXPECT_EQ(d.type, Device::Type::mcu);
  EXPECT_EQ(d.firmware->file.written, "builds/vib_sensor.elf");
  EXPECT_EQ(d.firmware->file.resolved, std::filesystem::path(kData + "builds/vib_sensor.elf"));
  EXPECT_EQ(d.placement.topology, Placement::Topology::grid);
  EXPECT_EQ(d.placement.spacing_m, 10);
  EXPECT_EQ(d.config.sample_rate_hz, 1000);
  EXPECT_EQ(d.config.report_interval, Duration::s(1));
  EXPECT_EQ(d.config.tx_power_dbm, 0.0);
  EXPECT_EQ(d.ml_placement, MlPlacement::edge);
  // No sensors are listed but a sample rate is: the documented default.
  ASSERT_EQ(d.sensors.size(), 1u);
  EXPECT_EQ(d.sensors[0].type, Sensor::Type::vibration);
  EXPECT_EQ(d.sensors[0].pin, "AIN0");
  EXPECT_EQ(s.network.type, Network::Type::ns3);
  EXPECT_EQ(s.network.wireless.channel_model, Wireless::ChannelModel::log_distance);
  EXPECT_EQ(s.network.wireless.reference_distance_m, 1.0);
  EXPECT_EQ(s.network.wireless.reference_loss_db, 40.0);
  const Impairments& wan = s.network.wired.at("gateway_to_cloud").impairments;
  EXPECT_EQ(wan.latency, Duration::ms(20));
  EXPECT_EQ(wan.bandwidth, 100'000'000);
  EXPECT_EQ(wan.jitter, Duration::ms(5));
  EXPECT_DOUBLE_EQ(*wan.loss_rate, 0.0001);
  EXPECT_EQ(*wired_endpoints(s, NameTable(s), "gateway_to_cloud"),
            std::pair(std::string("gateway_1"), std::string("cloud_backend")));
  EXPECT_EQ(s.edge[0].environment.at("MQTT_PORT"), "1883");
  EXPECT_EQ(edge_model_file(s.edge[0]).resolved,
            std::filesystem::path(kData + "models/anomaly_detector.onnx"));
  EXPECT_EQ(s.cloud[0].latency, Duration::ms(50));
  EXPECT_EQ(s.metrics.output_dir, "results/vibration-baseline/");
  ASSERT_EQ(s.faults.size(), 2u);
  const auto partition = NameTable(s).resolve(s.faults[1].target);
  ASSERT_EQ(partition.size(), 3u);
  EXPECT_EQ(partition[2].id, "vibration_sensors_3");
  ASSERT_EQ(s.validation.assertions.size(), 3u);
  EXPECT_TRUE(s.validation.assertions[1].holds(0.95));
  EXPECT_FALSE(s.validation.assertions[1].holds(0.94));
}

TEST(Seed, Section13LoadsAsPrintedWithAssumedDuration) {
  const LoadResult r = load_scenario(kData + "seed_1_3.yaml", no_files());
  ASSERT_EQ(to_text(r.errors), "");
  ASSERT_EQ(r.warnings.size(), 1u);
  EXPECT_NE(r.warnings[0].message.find("60s are simulated"), std::string::npos);
  ASSERT_EQ(r.scenario.devices.size(), 3u);
  EXPECT_EQ(r.scenario.devices[0].ml_placement, MlPlacement::device);
  EXPECT_EQ(r.scenario.devices[0].config.inference_interval, Duration::s(1));
  EXPECT_EQ(r.scenario.devices[1].config.forward_interval, Duration::s(1));
  EXPECT_TRUE(r.scenario.devices[2].sensors.empty());
  EXPECT_EQ(r.scenario.cloud[0].ml_model.written, "models/anomaly_detector_full.pt");
}

TEST(Seed, Section16IsADevicesKeys) {
  std::string indented;
  std::istringstream lines(read_file(kData + "seed_1_6_fragment.yaml"));
  for (std::string line; std::getline(lines, line);) indented += "    " + line + "\n";
  const LoadResult r =
      load_text(kHead + "edge: [{id: gw}]\ndevices:\n  - id: a\n    type: model\n" + indented);
  ASSERT_EQ(to_text(r.errors), "");
  EXPECT_EQ(r.scenario.devices[0].ml_split->edge_layers, (std::vector<int64_t>{3, 4, 5}));
  EXPECT_EQ(r.scenario.devices[0].ml_split->intermediate_size, 128);
}

TEST(Seed, Section73LoadsAsAnInclude) {
  const LoadResult r = load_text("scenario: {name: t, duration: 10s, include: seed_7_3_fragment.yaml}\n");
  ASSERT_EQ(to_text(r.errors), "");
  const auto& a = r.scenario.validation.assertions;
  ASSERT_EQ(a.size(), 4u);
  EXPECT_EQ(a[0].metric, "total_packets_sent");
  EXPECT_TRUE(a[0].holds(5000));
  EXPECT_FALSE(a[0].holds(4999));
  EXPECT_TRUE(a[3].holds(100));
  EXPECT_FALSE(a[3].holds(101));
}

TEST(Seed, Section84LoadsAsPrinted) {
  const LoadResult r = load_scenario(kData + "seed_8_4.yaml", no_files());
  ASSERT_EQ(to_text(r.errors), "");
  const Device& emulated = r.scenario.devices[0];
  const Device& bulk = r.scenario.devices[1];
  EXPECT_TRUE(emulated.emulated());
  EXPECT_EQ(bulk.type, Device::Type::model);
  EXPECT_EQ(bulk.model.written, "models/device_model.py");
  EXPECT_EQ(bulk.config.packet_size, 64);
  EXPECT_EQ(bulk.config.tx_power_dbm, 0.0);
  EXPECT_EQ(expand_devices(r.scenario).size(), 1000u);
}

TEST(Seed, BatchesLoadAsPrinted) {
  const BatchResult r = load_batch(kData + "seed_2_5_batch.yaml", no_files());
  ASSERT_EQ(to_text(r.errors), "");
  EXPECT_EQ(r.batch.parallel, 3);
  const auto runs = expand_batch(r.batch);
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(runs[1].name, "edge-inference");
  const BatchResult scale = load_batch(kData + "seed_8_6_batch.yaml", no_files());
  ASSERT_EQ(to_text(scale.errors), "");
  ASSERT_EQ(scale.batch.scenarios.size(), 4u);
  EXPECT_EQ(*scale.batch.scenarios[3].devices, (DeviceMix{10, 9990}));
}

TEST(Seed, EmulatorTablesAreExpressible) {
  const LoadResult r = load_scenario(kData + "emulator.yaml", no_files());
  ASSERT_EQ(to_text(r.errors), "");
  const Scenario& s = r.scenario;
  EXPECT_EQ(s.nodes[0].memory, int64_t{1024} << 20);
  EXPECT_EQ(s.nodes[0].arch, LinuxNode::Arch::aarch64);
  EXPECT_EQ(s.nodes[1].memory, int64_t{512} << 20);
  EXPECT_EQ(s.nodes[1].qos->inbound->average, 1'000'000'000);
  EXPECT_EQ(s.nodes[0].qos->outbound->peak, 200'000'000);
  EXPECT_EQ(s.nodes[2].extra_disk_size, int64_t{10} << 30);
  EXPECT_DOUBLE_EQ(*s.nodes[1].cpu_quota, 0.5);
  EXPECT_EQ(find_profile(s, "lossy")->at("chassis").loss_rate, 0.01);
  // 1 GiB is less than a k3s server with a workload wants, and there is nothing to boot in the seed's table.
  EXPECT_NE(to_text(r.warnings).find("k3s server"), std::string::npos);
}

TEST(Seed, BuiltInProfilesAreTheSeeds) {
  const Scenario s;
  EXPECT_TRUE(find_profile(s, "default")->empty());
  EXPECT_EQ(find_profile(s, "constrained")->at("chassis").bandwidth, 10'000'000);
  EXPECT_EQ(find_profile(s, "constrained")->at("*").bandwidth, 100'000'000);
  EXPECT_EQ(find_profile(s, "lossy")->at("*").latency, Duration::ms(20));
  EXPECT_FALSE(find_profile(s, "nonsense"));
}

}  // namespace
}  // namespace xedgesim::scenario
