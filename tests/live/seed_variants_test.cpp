// Section 1.3 of the implementation guide, letter by letter: three variants in one file, each with the
// artefact of its tier, the edge a container (its image's files as processes, where no engine answers). Only
// the files it names are brought to where it wants them.
#include <iostream>

#include "container/sandbox.h"
#include "live/container_setup.h"
#include "up_fixture.h"

namespace xedgesim::testing {
namespace {
namespace fs = std::filesystem;

constexpr const char* kPrinted = R"(scenario:
  name: vibration-ml-placement-comparison

# Variant 1: Device-only inference
devices:
  - id: sensors_device_inference
    count: 10
    platform: nrf52840
    firmware: builds/vib_sensor_device.elf
    ml_placement: device
    ml_model: models/anomaly_detector_quantized.tflite  # 50KB INT8
    config:
      sample_rate: 1000Hz
      inference_interval: 1s  # Run inference every second

# Variant 2: Edge inference
  - id: sensors_edge_inference
    count: 10
    platform: nrf52840
    firmware: builds/vib_sensor_forward.elf
    ml_placement: edge
    config:
      sample_rate: 1000Hz
      forward_interval: 1s  # Send data to edge every second

edge:
  - id: gateway_ml
    type: docker
    image: xedgesim/mqtt-ml-inference:latest
    ml_model: models/anomaly_detector.onnx  # 2MB FP16
    services:
      - mqtt_broker
      - ml_inference_service

# Variant 3: Cloud inference
  - id: sensors_cloud_inference
    count: 10
    platform: nrf52840
    firmware: builds/vib_sensor_forward.elf
    ml_placement: cloud

cloud:
  - id: cloud_ml
    type: python_service
    ml_model: models/anomaly_detector_full.pt  # 10MB FP32
    latency: 50ms  # Network latency to cloud
)";

class SeedVariants : public UpTest {
 protected:
  void SetUp() override {
    if (const std::string why = container::sandbox_refusal(); !why.empty())
      GTEST_SKIP() << "no processes in namespaces here: " << why;
    const auto image = live::local_image("gateway");
    if (!image || read_file(image->initrd).find("usr/lib/xedgesim/container") == std::string::npos)
      GTEST_SKIP() << "there is no image 'gateway' that can be a container: xedgesim image build gateway";
    setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock", 1);
    const fs::path models = fs::path(XEDGESIM_SOURCE_DIR) / "models/vibration";
    const fs::path firmware = fs::path(XEDGESIM_BINARY_DIR) / "firmware/vib_sensor.elf";
    bring(firmware, "builds/vib_sensor_device.elf");
    bring(firmware, "builds/vib_sensor_forward.elf");
    bring(models / "anomaly_detector_int8.tflite", "models/anomaly_detector_quantized.tflite");
    bring(models / "anomaly_detector.onnx", "models/anomaly_detector.onnx");
    bring(models / "anomaly_detector.pt", "models/anomaly_detector_full.pt");
    std::ofstream(folder_ / "s.yaml") << kPrinted;
  }
  void TearDown() override { unsetenv("DOCKER_HOST"); }
  void bring(const fs::path& from, const std::string& to) {
    fs::create_directories((folder_ / to).parent_path());
    fs::copy_file(from, folder_ / to);
  }
};

TEST_F(SeedVariants, RunAsPrinted) {
  std::vector<std::string> command = {"run",   (folder_ / "s.yaml").string(),
                                      "-o",    (folder_ / "out").string(),
                                      "--set", "scenario.duration=10s"};
  if (!fs::exists(fs::path(XEDGESIM_BINARY_DIR) / "xedgesim-torchscript")) {
    std::cout
        << "no TorchScript here (scripts/setup --with libtorch): the cloud gets the ONNX file of the same "
           "network\n";
    command.insert(command.end(), {"--set", "cloud[0].ml_model=models/anomaly_detector.onnx"});
  }
  const ProgramResult r = run_program(command);
  ASSERT_EQ(r.exit_code, 0) << r.out << r.err;
  EXPECT_NE((r.out + r.err).find("has the keys of a device and is taken as one"), std::string::npos);
  const nlohmann::json summary = nlohmann::json::parse(read_file(folder_ / "out/summary.json"));
  EXPECT_EQ(summary["clock"], "wall");
  for (const auto& [placement, place] :
       {std::pair{"device", "device"}, std::pair{"edge", "edge"}, std::pair{"cloud", "cloud"}}) {
    ASSERT_TRUE(summary["placements"].contains(placement)) << placement;
    const nlohmann::json& p = summary["placements"][placement];
    EXPECT_EQ(p["devices"], 10) << placement;
    EXPECT_GT(p["ran_at"].value(place, 0), 50) << placement << ": " << p["ran_at"];
    EXPECT_GT(p["accuracy"].get<double>(), 0.85) << placement;
  }
  EXPECT_NE(read_file(folder_ / "out/consoles/gateway_ml.log").find("edge-service: inference ready"),
            std::string::npos);
}

}  // namespace
}  // namespace xedgesim::testing
