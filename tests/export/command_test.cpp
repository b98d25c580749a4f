// The command `xedgesim export` as a user runs it.
#include <nlohmann/json.hpp>

#include "support.h"

namespace xedgesim::exporter {
namespace {

using testing::run_program;

TEST(ExportCommand, TheDeployedFilesAreTheOnesThatRan) {
  TemporaryFolder out;
  const std::string scenario = source("scenarios/vibration-monitoring/scenario.yaml");
  const auto ran = run_program({"run", scenario, "-q", "--set", "scenario.duration=3s", "--set",
                                "devices[0].count=2", "-o", (out / "run").string()});
  ASSERT_NE(ran.exit_code, 1) << ran.err;
  ASSERT_NE(ran.exit_code, 3) << ran.err;
  const auto exported = run_program(
      {"export", "compose", scenario, "-o", (out / "deploy").string(), "--run", (out / "run").string()});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  const auto manifest = nlohmann::json::parse(read_file(out / "deploy/manifest.json"));
  const auto inputs = nlohmann::json::parse(read_file(out / "run/inputs.json"));
  size_t compared = 0;
  bool firmware = false, model = false;
  for (const auto& a : manifest["artefacts"]) {
    const std::string written = a["scenario"];
    ASSERT_TRUE(inputs["files"].contains(written)) << written;
    EXPECT_EQ(a["run_digest"], inputs["files"][written]) << written;
    const std::string file = out / ("deploy/" + a["file"].get<std::string>());
    EXPECT_EQ(run({"sha256sum", file}).out.substr(0, 64), a["sha256"].get<std::string>());
    firmware = firmware || a["role"] == "firmware";
    model = model || a["role"] == "model";
    ++compared;
  }
  EXPECT_TRUE(firmware && model) << manifest.dump(2);
  EXPECT_EQ(compared, 2u);
  EXPECT_EQ(read_file(out / "deploy/firmware/vib.elf"),
            read_file(std::string(XEDGESIM_BINARY_DIR) + "/firmware/vib_sensor.elf"));
  const auto dry = run({"make", "-n", "-C", (out / "deploy/firmware").string(), "flash-vib"});
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_EQ(run({"make", "-C", (out / "deploy/firmware").string(), "check"}).exit_code, 0);

  // Another file under the same name is refused.
  auto changed = inputs;
  changed["files"]["firmware/vib_sensor.elf"] = std::string(32, '0');
  std::ofstream(out / "run/inputs.json") << changed.dump();
  const auto refused = run_program(
      {"export", "compose", scenario, "-o", (out / "again").string(), "--run", (out / "run").string()});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_NE(refused.err.find("is not the file that ran"), std::string::npos) << refused.err;
  EXPECT_FALSE(std::filesystem::exists(out / "again"));
}

TEST(ExportCommand, MistakesHaveAPlaceAndExitCodeThree) {
  TemporaryFolder out;
  const auto refused = [&](const std::string& yaml, const std::string& kind, const std::string& place,
                           const std::string& word) {
    std::ofstream(out / "s.yaml") << yaml;
    const auto r = run_program({"export", kind, (out / "s.yaml").string(), "-o", (out / "x").string()});
    EXPECT_EQ(r.exit_code, 3) << kind << r.err;
    EXPECT_NE(r.err.find("s.yaml" + place), std::string::npos) << kind << ": " << r.err;
    EXPECT_NE(r.err.find(word), std::string::npos) << kind << ": " << r.err;
    EXPECT_FALSE(std::filesystem::exists(out / "x"));
  };
  const std::string head = "scenario: {name: t, duration: 1s}\n";
  for (const char* kind : {"libvirt", "nix"})
    refused(head + "nodes:\n- {id: a, type: process, command: x}\n", kind, ":3:1: ", "type: vm");
  refused(head + "switches:\n  - {id: s, acl: [{action: deny, ip_source: \"1.2.3.4,a\"}]}\n", "ovs",
          ":3:", "no IPv4 address");
  refused(head + "network:\n  lan:\n    bridge: a-bridge-of-many-letters\nnodes: [{id: a, kernel: s.yaml}]\n",
          "libvirt", ":4:13: ", "15 characters");
  refused(head, "tc", ":", "nothing here is for tc");
  refused(head, "compose", ":", "nothing here goes to production");
  refused(head, "ovs", ":", "no switch");
  refused(head + "nodez: 1\n", "tc", ":2:1: ", "unknown key");
}

TEST(ExportCommand, AFolderThatCannotBeWrittenIsASentence) {
  TemporaryFolder out;
  std::ofstream(out / "file") << "";
  const auto r = run_program(
      {"export", "tc", source("scenarios/chassis-network/scenario.yaml"), "-o", (out / "file/x").string()});
  EXPECT_EQ(r.exit_code, 3);
  EXPECT_NE(r.err.find("choose another folder with -o"), std::string::npos) << r.err;
}

TEST(ExportCommand, SaysOnceAPortWhatHoldsForSeveralOfItsQueues) {
  TemporaryFolder out;
  const auto r = run_program(
      {"export", "ovs", source("scenarios/chassis-network/scenario.yaml"), "-o", (out / "x").string()});
  ASSERT_EQ(r.exit_code, 0) << r.err;
  const std::string warning = "Open vSwitch sets no length of a queue";
  const size_t first = r.err.find(warning);
  ASSERT_NE(first, std::string::npos) << r.err;
  EXPECT_EQ(r.err.find(warning, first + 1), std::string::npos) << r.err;
}

TEST(ExportCommand, SymbolicLinksAreReplacedNotFollowed) {
  TemporaryFolder out;
  std::ofstream(out / "precious") << "mine";
  std::filesystem::create_directories(out / "x");
  std::filesystem::create_symlink(out / "precious", out / "x/apply.sh");
  EXPECT_EQ(run_program({"export", "tc", source("scenarios/chassis-network/scenario.yaml"), "-o",
                         (out / "x").string()})
                .exit_code,
            0);
  EXPECT_EQ(read_file(out / "precious"), "mine");
  EXPECT_FALSE(std::filesystem::is_symlink(out / "x/apply.sh"));
}

TEST(ExportCommand, JsonListsFilesAndWarningsWithTheirPlace) {
  TemporaryFolder out;
  const auto r = run_program({"export", "tc", source("scenarios/chassis-network/scenario.yaml"), "--format",
                              "json", "-o", (out / "x").string()});
  ASSERT_EQ(r.exit_code, 0) << r.err;
  const auto j = nlohmann::json::parse(r.out);
  EXPECT_EQ(j["files"][0], "apply.sh");
  ASSERT_FALSE(j["warnings"].empty());
  EXPECT_GT(j["warnings"][0]["line"], 1);
}

TEST(ExportCommand, ASmallServerIsWarnedAbout) {
  TemporaryFolder out;
  std::ofstream(out / "s.yaml")
      << "scenario: {name: t, duration: 1s}\nnodes:\n  - {id: s, role: k3s-server, memory: 512}\n";
  const auto r = run_program({"validate", "--language-only", (out / "s.yaml").string()});
  EXPECT_NE(r.err.find("1.6 GiB"), std::string::npos) << r.err;
}

}  // namespace
}  // namespace xedgesim::exporter
