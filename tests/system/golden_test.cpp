// Every shipped scenario has one digest, on any host, with any number of threads. When a line of golden.txt
// has to change (scripts/update-golden), the commit says why.
#include <gtest/gtest.h>

#include <map>

#include "golden.h"
#include "isa/arm/cortex_m.h"

namespace xedgesim::testing {
namespace {

std::vector<GoldenLine> golden() {
  std::vector<GoldenLine> lines;
  std::istringstream in(read_file(golden_file()));
  for (std::string text; std::getline(in, text);)
    if (const auto l = golden_line(text)) lines.push_back(*l);
  return lines;
}

/// Why the recorded digests do not apply here, or nothing.
std::string other_firmware() {
  std::istringstream in(read_file(golden_file()));
  for (std::string text; std::getline(in, text);) {
    if (!text.starts_with("firmware ")) continue;
    std::string word, name, key;
    std::istringstream(text) >> word >> name >> key;
    if (const std::string built = firmware_key(name); built != key)
      return name + " is " + built + ", not " + key + ": built by another compiler";
  }
  return {};
}

class Golden : public ::testing::TestWithParam<GoldenLine> {};

TEST_P(Golden, DigestIsTheRecordedOne) {
  if (on_wall_clock(GetParam())) {
    const ProgramResult r = run_program({"validate", file_of(GetParam().scenario)});
    EXPECT_EQ(r.exit_code, 0) << r.err;
    return;
  }
  const nlohmann::json summary = run_line(GetParam(), 1);
  if (summary.contains("skipped")) GTEST_SKIP() << summary["skipped"].get<std::string>();
  EXPECT_EQ(summary["status"], "completed");
  if (of_machines(GetParam())) {
    EXPECT_EQ(summary["digest"], run_line(GetParam(), 2)["digest"]);
    return;
  }
  if (const std::string reason = other_firmware(); !reason.empty()) {
    EXPECT_EQ(summary["digest"], run_line(GetParam(), 1)["digest"]);
    GTEST_SKIP() << "the recorded digest is not compared, but two runs are equal: " << reason;
  }
  EXPECT_EQ(summary["digest"], GetParam().digest);
}

std::string test_name(const ::testing::TestParamInfo<GoldenLine>& info) {
  std::string name = info.param.scenario + (info.param.overrides == "-" ? "" : "_" + info.param.overrides);
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Golden, ::testing::ValuesIn(golden()), test_name);

TEST(GoldenThreads, TwoThreadsGiveTheSameDigest) {
  for (const GoldenLine& l : golden()) {
    if (l.scenario != "ping" && l.overrides != "scenario.duration=20s") continue;
    EXPECT_EQ(run_line(l, 2)["digest"], run_line(l, 1)["digest"]) << l.scenario;
  }
}

TEST(GoldenEngines, TheInterpreterGivesTheSameDigestAsTheTranslator) {
  if (!isa::translator_available()) GTEST_SKIP() << "this build or host has no translator";
  for (const GoldenLine& l : golden()) {
    if (of_machines(l) || on_wall_clock(l)) continue;
    // A run of minutes shows no more of the firmware than its first 20 s.
    if (l.scenario == "vibration-monitoring" && l.overrides != "scenario.duration=20s") continue;
    EXPECT_EQ(run_line(l, 1, "jit")["digest"], run_line(l, 1, "interpreter")["digest"]) << l.scenario;
  }
}

TEST(Digest, DoesNotDependOnTheOrderOfDeviceGroups) {
  const std::string text = read_file(source("scenarios/vibration-monitoring/scenario.yaml"));
  const std::string rest =
      text.substr(text.find("network:"), text.find("validation:") - text.find("network:"));
  const auto group = [](const std::string& id, const std::string& x) {
    return "  - id: " + id +
           "\n    count: 2\n    platform: nrf52840dk\n    firmware: firmware/vib_sensor.elf\n"
           "    placement: {positions: [[" +
           x + ", 2m], [" + x +
           ", 8m]]}\n"
           "    sensors: [{pin: AIN0, type: vibration}]\n    ml_placement: edge\n";
  };
  const std::string left = group("left", "1m"), right = group("right", "9m");
  std::string digests[2];
  for (int swapped = 0; swapped < 2; ++swapped) {
    TemporaryFolder folder;
    std::ofstream(folder / "s.yaml") << "scenario: {name: order, duration: 5s, seed: 3}\ndevices:\n"
                                     << (swapped ? right + left : left + right) << rest;
    const ProgramResult r =
        run_program({"run", (folder / "s.yaml").string(), "-q", "--output", (folder / "run").string()});
    ASSERT_EQ(r.exit_code, 0) << r.out << r.err;
    digests[swapped] = nlohmann::json::parse(read_file(folder / "run/summary.json"))["digest"];
  }
  EXPECT_EQ(digests[0], digests[1]);
}

TEST(GoldenFiles, EveryShippedScenarioHasALine) {
  std::map<std::string, int> lines;
  for (const GoldenLine& l : golden()) ++lines[l.scenario];
  const std::filesystem::path root = source("scenarios");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".yaml") continue;
    std::filesystem::path name = std::filesystem::relative(entry.path(), root).replace_extension();
    if (name.filename() == "batch") continue;  // many runs of scenarios that have lines
    if (name.filename() == "scenario") name = name.parent_path();
    EXPECT_GT(lines[name.string()], 0) << entry.path();
  }
}

TEST(GoldenFiles, TheWallClockIsOutOfReachOfWhatRunsInVirtualTime) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source("src"))) {
    const std::string path = entry.path().string();
    if (!entry.is_regular_file() || path.find("/src/cli/") != std::string::npos ||
        path.find("/src/live/") != std::string::npos)
      continue;
    const std::string text = read_file(entry.path());
    for (const char* word : {"system_clock", "steady_clock", "high_resolution_clock", "gettimeofday",
                             "clock_gettime", "std::random_device", "time(nullptr)"})
      EXPECT_EQ(text.find(word), std::string::npos) << path << " uses " << word;
  }
}

}  // namespace
}  // namespace xedgesim::testing
