// A model that the device cannot run is refused with the operator's name wherever it turns up first: by the
// firmware's build, before a run, and by the firmware itself.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "program.h"

namespace xedgesim::testing {
namespace {

const std::string kShipped = "models/vibration/anomaly_detector_int8.tflite";
constexpr const char* kSentence = "SVDF (number 3) is not among the operators of this runtime";

/// The shipped model with SVDF (27) in place of FULLY_CONNECTED (9), whose code its operator code has twice.
std::string with_svdf() {
  std::string file = read_file(source(kShipped));
  for (size_t i = 0; i + 12 <= file.size(); i += 4) {
    int32_t words[3];
    std::memcpy(words, file.data() + i, sizeof words);
    if (words[0] != 9 || words[1] != 4 || words[2] != 9) continue;
    file[i] = file[i + 8] = 27;
    return file;
  }
  ADD_FAILURE() << "no operator code found";
  return file;
}

void write(const std::filesystem::path& p, const std::string& bytes) {
  std::ofstream(p, std::ios::binary) << bytes;
}

TEST(RefusedModel, TheFirmwaresBuildNamesTheOperator) {
  TemporaryFolder folder;
  write(folder / "svdf.tflite", with_svdf());
  const std::string build = (folder / "build").string();
  const std::string command = "make -s -C '" + source("firmware") + "' BUILD='" + build + "' MODEL='" +
                              (folder / "svdf.tflite").string() + "' '" + build +
                              "/obj/vib_sensor/model.o' 2>&1";
  std::FILE* make = popen(command.c_str(), "r");
  ASSERT_TRUE(make);
  std::string text;
  for (int c; (c = std::fgetc(make)) != EOF;) text += static_cast<char>(c);
  EXPECT_NE(pclose(make), 0);
  EXPECT_NE(text.find(kSentence), std::string::npos) << text;
}

TEST(RefusedModel, ARunIsNotBegun) {
  TemporaryFolder folder;
  write(folder / "svdf.tflite", with_svdf());
  for (const char* command : {"validate", "run"}) {
    const ProgramResult r =
        run_program({command, source("scenarios/ml-placement/device/scenario.yaml"), "--set",
                     "devices[0].ml_model=" + (folder / "svdf.tflite").string()});
    EXPECT_EQ(r.exit_code, 3);
    EXPECT_NE(r.err.find(kSentence), std::string::npos) << r.err;
  }
}

TEST(RefusedModel, TheFirmwareSaysSoAndReportsFeatures) {
  TemporaryFolder folder;
  std::string elf = read_file(std::string(XEDGESIM_BINARY_DIR) + "/firmware/vib_sensor.elf");
  const std::string model = read_file(source(kShipped)), refused = with_svdf();
  const size_t place = elf.find(model);
  ASSERT_NE(place, std::string::npos);
  elf.replace(place, model.size(), refused);
  write(folder / "vib_sensor.elf", elf);
  run_program({"run", source("scenarios/ml-placement/device/scenario.yaml"), "-q", "--output",
               (folder / "run").string(), "--set", "scenario.duration=4s", "--set", "devices[0].count=1",
               "--set", "devices[0].ml_model=", "--set",
               "edge[0].ml_model=models/vibration/anomaly_detector.onnx", "--set",
               "devices[0].firmware=" + (folder / "vib_sensor.elf").string()});
  std::string console;
  for (const auto& file : std::filesystem::directory_iterator(folder / "run/consoles"))
    console += read_file(file);
  EXPECT_NE(
      console.find("model refused: SVDF is not among the operators of this runtime; reporting features"),
      std::string::npos)
      << console;
  const std::string events = read_file(folder / "run/events.jsonl");
  EXPECT_NE(events.find("the firmware refused its model"), std::string::npos);
  const auto summary = nlohmann::json::parse(read_file(folder / "run/summary.json"));
  EXPECT_GE(summary["summary"]["total_packets_delivered"], 2);
}

}  // namespace
}  // namespace xedgesim::testing
