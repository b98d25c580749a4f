// What a user does wrong gets one clear sentence, the right exit code, and keeps the results so far.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>

#include <algorithm>
#include <cstdint>

#include "program.h"

namespace xedgesim::testing {
namespace {

const char* const kOneBoard = R"(
scenario: {name: t, duration: 2s}
devices:
  - {id: board, platform: nrf52840dk, firmware: FIRMWARE}
)";

class BadInput : public ::testing::Test {
 protected:
  std::string scenario(std::string text, const std::string& firmware = "firmware/hello.elf") {
    if (const size_t at = text.find("FIRMWARE"); at != std::string::npos) text.replace(at, 8, firmware);
    const auto path = folder_ / "scenario.yaml";
    std::ofstream(path) << text;
    return path.string();
  }
  std::string file(const std::string& name, const std::string& contents) {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << contents;
    return path.string();
  }
  ProgramResult run(const std::string& path, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"run", path, "-q", "--output", (folder_ / "run").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  }
  /// Exit code 3 and a sentence that contains `part`.
  void refused(const ProgramResult& r, const std::string& part) {
    EXPECT_EQ(r.exit_code, 3) << r.out << r.err;
    EXPECT_NE(r.err.find(part), std::string::npos) << r.err;
  }
  TemporaryFolder folder_;
};

TEST_F(BadInput, GoodScenarioRuns) { EXPECT_EQ(run(scenario(kOneBoard)).exit_code, 0); }

TEST_F(BadInput, TruncatedElf) {
  const std::string elf = read_file(std::string(XEDGESIM_BINARY_DIR) + "/firmware/hello.elf");
  refused(run(scenario(kOneBoard, file("cut.elf", elf.substr(0, 3000)))), "is truncated");
}

TEST_F(BadInput, HexWithAWrongChecksum) {
  std::string hex = read_file(std::string(XEDGESIM_BINARY_DIR) + "/firmware/hello.hex");
  hex[20] = hex[20] == '0' ? '1' : '0';
  refused(run(scenario(kOneBoard, file("bad.hex", hex))), "checksum is");
}

TEST_F(BadInput, ElfForAnotherCpu) {
  refused(run(scenario(kOneBoard, "/bin/sh")), "not for a 32-bit Arm microcontroller");
}

TEST_F(BadInput, MissingFirmware) { refused(run(scenario(kOneBoard, "none.elf")), "none.elf"); }

TEST_F(BadInput, MissingScenario) { refused(run((folder_ / "no.yaml").string()), "no.yaml"); }

TEST_F(BadInput, YamlWithTabs) {
  refused(run(scenario("scenario:\n\tname: x\n")), "scenario.yaml:2:6: a tab stands in the indentation");
}

/// What only building the network finds out has its place in the file, too.
TEST_F(BadInput, WhatDoesNotFitTogetherInTheNetworkHasItsPlace) {
  const std::string machines =
      "scenario: {name: t, duration: 2s}\n"
      "nodes: [{id: a, type: model}, {id: b, type: model}]\n";
  const std::string cable = "endpoints: [\"a:eth0\", \"b:eth0\"]";
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {machines + "links:\n  - {id: l, " + cable + ", burst: 2kB}\n",
            "scenario.yaml:4:5: links[0]: The link 'l' cannot be set up: "},
           {machines + "links:\n  - {id: l, " + cable + ", latency: 1ms}\n" +
                "faults:\n  - {time: 1s, type: link_set, target: l, queue_latency: 5ms}\n",
            "scenario.yaml:6:5: faults[0]: The link 'l' cannot be set up: "},
           {machines + "links:\n  - {id: l, " + cable + "}\n" +
                "profiles: {mine: {l: {burst: 2kB}}}\nnetwork: {profile: mine}\n",
            "scenario.yaml:6:20: network.profile: The link 'l' cannot be set up: "},
           {machines + "links: []\n", "scenario.yaml:2:9: nodes[0]: node 'a' has no cable"},
           {"scenario: {name: t, duration: 2s}\ndevices: [{id: d, type: model, model: periodic}]\nnetwork:\n"
            "  gateways: [{id: g, short_address: 3}, {id: h, short_address: 3}]\n",
            "scenario.yaml:4:41: network.gateways[1]: 'g' and 'h' have the same address"},
           {"scenario: {name: t, duration: 2s}\ndevices:\n  - {id: d, type: model, model: sundial}\n",
            "scenario.yaml:3:5: devices[0]: device 'd': there is no built-in model 'sundial'"}})
    refused(run(scenario(text)), part);
}

TEST_F(BadInput, UnknownKeyWithASuggestion) {
  const ProgramResult r =
      run(scenario("scenario: {name: t, duration: 2s}\ndevices:\n  - id: b\n    platform: nrf52840dk\n    "
                   "firmware: firmware/hello.elf\n"
                   "    config:\n      sample_rat: 1000Hz\n"));
  refused(r, ":7:7: unknown key 'sample_rat' in devices[0].config — did you mean 'sample_rate'?");
}

TEST_F(BadInput, WrongUnit) { refused(run(scenario("scenario: {name: t, duration: 2parsec}\n")), "2parsec"); }

TEST_F(BadInput, NoDevicesAndTooMany) {
  for (const char* count : {"0", "1000000000"}) {
    std::string text = kOneBoard;
    text.replace(text.find("id: board"), 9, "id: board, count: " + std::string(count));
    refused(run(scenario(text)), "count");
  }
}

TEST_F(BadInput, FaultAfterTheEndAndUnknownTarget) {
  refused(run(scenario(std::string(kOneBoard) +
                       "faults:\n  - {time: 5s, type: device_failure, target: board}\n")),
          "5s");
  refused(
      run(scenario(std::string(kOneBoard) + "faults:\n  - {time: 1s, type: device_failure, target: bord}\n")),
      "bord");
}

TEST_F(BadInput, AllErrorsAtOnce) {
  const ProgramResult r =
      run(scenario("scenario: {name: t, duration: x}\ndevices:\n  - {id: a, platfrm: y, count: 0}\n"));
  refused(r, "platfrm");
  EXPECT_GE(std::count(r.err.begin(), r.err.end(), '\n'), 3) << r.err;
}

TEST_F(BadInput, OutputDirectoryNotWritable) {
  const std::string path = scenario(kOneBoard);
  const ProgramResult r = run_program({"run", path, "-q", "--output", "/proc/xedgesim"});
  EXPECT_EQ(r.exit_code, 3) << r.err;
  EXPECT_NE(r.err.find("/proc/xedgesim"), std::string::npos) << r.err;
}

TEST_F(BadInput, WrongWordsOnTheCommandLineNameTheNearest) {
  const std::string path = scenario(kOneBoard);
  for (const auto& [words, part] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"rnu", path}, "there is no command 'rnu' — did you mean 'run'?; `xedgesim --help` lists them"},
           {{"frobnicate"}, "there is no command 'frobnicate'; `xedgesim --help` lists them"},
           {{"model", "inspct", "x"}, "'inspct' — did you mean 'inspect'?; `xedgesim model --help`"},
           {{"run", path, "--sett", "a=b"}, "there is no option '--sett' — did you mean '--set'?"},
           {{"run", path, "--sett=a=b"}, "there is no option '--sett' — did you mean '--set'?"},
           {{"run", path, "two"}, "'two' is one argument too many: `xedgesim run --help`"},
           {{"run", "--nonsense"}, "there is no option '--nonsense'; `xedgesim run --help`"},
           {{"run"}, "scenario is required: `xedgesim run --help`"},
           {{"export"}, "a command is missing; `xedgesim export --help`"},
           {{}, "a command is missing; `xedgesim --help`"}}) {
    const ProgramResult r = run_program(words);
    refused(r, part);
    EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
  }
}

TEST_F(BadInput, ABatchAndAScenarioAreNotTakenForEachOther) {
  const std::string batch = file("batch.yaml", "batch: {name: b, scenario: scenario.yaml}\n");
  refused(run_program({"validate", batch}), "batch.yaml:1:1: this is a batch: give it to `xedgesim batch`");
  const ProgramResult r = run_program({"batch", scenario(kOneBoard)});
  refused(r, "scenario.yaml:2:1: this is a scenario: give it to `xedgesim run`");
  EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
}

/// What the file alone does not show: validate says of it exactly what run does, as text and as JSON.
TEST_F(BadInput, ValidateFindsWhatOnlyBuildingTheSystemShows) {
  const std::string network =
      "scenario: {name: t, duration: 2s}\n"
      "nodes: [{id: a, type: model, traffic: [{id: voice, to: b, rate: 1Mbit}]}, {id: b, type: model}]\n"
      "links: [{id: cable, endpoints: [\"a:eth0\", \"b:eth0\"]}]\n"
      "validation: {assertions: [{max: 1, metric: ";
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {network + "\"flow_loss_rate[vioce]\"}]}\n",
            ":4:44: validation.assertions[0].metric: no flow is named 'vioce' — did you mean 'voice'?\n"},
           {network + "flow_lost, scope: {node: cable}}]}\n", "no flow is named 'cable': there are voice\n"},
           {network + "\"link_loss_rate[voice]\"}]}\n", "no link is named 'voice': there are cable\n"},
           {network + "\"port_vlanFiltered[s:1]\"}]}\n",
            "no switch port is named 's:1': there is no switch port"},
           {network + "\"energy_mJ[cable]\"}]}\n",
            ":4:44: validation.assertions[0].metric: no device is named 'cable': there is no device in this "
            "scenario\n"},
           {"scenario: {name: t, duration: 2s}\nnetwork: {gateways: [{id: g}]}\n"
            "devices: [{id: vib, type: model, count: 2}]\n"
            "validation: {assertions: [{max: 1, metric: \"tx_packets[vib]\"}]}\n",
            "no device is named 'vib': there are vib_1, vib_2\n"},
           {std::string(kOneBoard), "firmware '" + file("empty.elf", "") + "' is empty"}}) {
    const std::string path = scenario(text, "empty.elf");
    const ProgramResult r = run(path);
    refused(r, part);
    const ProgramResult v = run_program({"validate", path});
    EXPECT_EQ(v.exit_code, 3);
    EXPECT_EQ(v.err, r.err);
    const auto j = nlohmann::json::parse(run_program({"validate", path, "--format", "json"}).out);
    const auto& e = j["errors"].at(0);
    EXPECT_EQ(fmt::format("{}:{}:{}: {}\n", e["file"].get<std::string>(), e["line"].get<int>(),
                          e["column"].get<int>(), e["message"].get<std::string>()),
              r.err);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "run")) << "a run that never began leaves no results";
  }
}

TEST_F(BadInput, AProgramThatCannotBeStartedHasItsPlace) {
  refused(run(scenario("scenario: {name: t, duration: 2s}\ndevices:\n"
                       "  - {id: p, type: external, command: [no-such-program]}\n")),
          "scenario.yaml:3:38: devices[0].command: cannot start 'no-such-program': No such file or "
          "directory; see "
          "whether it is installed");
}

TEST_F(BadInput, OutputThatIsLostIsAnErrorUnlessTheReaderHasSeenEnough) {
  const ProgramResult r = Program({"schema"}, {"sh", "-c", "exec \"$@\" >/dev/full", "sh"}).wait();
  EXPECT_EQ(r.exit_code, 1);
  EXPECT_NE(r.err.find("cannot write all of the output"), std::string::npos) << r.err;
  const ProgramResult help = Program({"run", "--help"}, {"sh", "-c", "exec \"$@\" >/dev/full", "sh"}).wait();
  EXPECT_EQ(help.exit_code, 1);
  const ProgramResult head =
      Program({"validate", scenario(kOneBoard), "--resolved"}, {"sh", "-c", "\"$@\" | true", "sh"}).wait();
  EXPECT_EQ(head.err, "");
}

TEST_F(BadInput, FailedAssertionIsTwo) {
  const ProgramResult r =
      run(scenario(std::string(kOneBoard) +
                   "validation:\n  assertions:\n    - {expect_line: 'never printed', node: board}\n"));
  EXPECT_EQ(r.exit_code, 2) << r.out << r.err;
  EXPECT_NE(r.out.find("FAIL"), std::string::npos);
}

TEST_F(BadInput, LockUpNamesTheNodeAndKeepsResults) {
  // A vector table whose reset handler is an undefined instruction and whose HardFault handler is one too.
  std::string image(64, '\0');
  const auto word = [&](size_t i, uint32_t v) {
    for (size_t b = 0; b < 4; ++b) image[4 * i + b] = static_cast<char>(v >> (8 * b));
  };
  word(0, 0x20010000);
  for (size_t i = 1; i < 8; ++i) word(i, 0x21);
  word(8, 0xde00de00);
  const ProgramResult r = run(scenario(kOneBoard, file("lockup.bin", image) + "@0x0"));
  EXPECT_EQ(r.exit_code, 1) << r.out << r.err;
  EXPECT_NE(r.err.find("node 'board' locked up at 0.0000"), std::string::npos) << r.err;
  EXPECT_NE(r.err.find("pc=0x"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(read_file(folder_ / "run/summary.json"))["status"], "failed");
}

TEST_F(BadInput, InterruptKeepsValidResults) {
  const std::string path = source("scenarios/vibration-monitoring/scenario.yaml");
  Program p({"run", path, "-q", "--set", "scenario.duration=3600s", "--output", (folder_ / "run").string()});
  // Wait for the run to have begun to write, not for a time.
  const auto csv = folder_ / "run/device_metrics.csv";
  for (int i = 0; i < 6000; ++i) {
    std::error_code ec;
    if (std::filesystem::file_size(csv, ec) > 2000 && !ec) break;
    usleep(10'000);
  }
  kill(p.pid(), SIGINT);
  const ProgramResult r = p.wait();
  EXPECT_EQ(r.exit_code, 130) << r.out << r.err;
  const auto summary = nlohmann::json::parse(read_file(folder_ / "run/summary.json"));
  EXPECT_EQ(summary["status"], "interrupted");
  const std::string text = read_file(csv);
  EXPECT_GT(text.size(), 2000u);
  EXPECT_EQ(text.back(), '\n');
}

TEST_F(BadInput, FullDiskIsOneSentenceAndFilesStayValid) {
  const std::string disk = (folder_ / "disk").string();
  std::filesystem::create_directory(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=400k") != 0)
    GTEST_SKIP() << "mounting a tmpfs needs privileges";
  const ProgramResult r = run_program({"run", source("scenarios/vibration-monitoring/scenario.yaml"), "-q",
                                       "--set", "scenario.duration=60s", "--output", disk + "/run"});
  const std::string summary = read_file(disk + "/run/summary.json"),
                    csv = read_file(disk + "/run/device_metrics.csv");
  umount2(disk.c_str(), MNT_DETACH);
  EXPECT_EQ(r.exit_code, 1) << r.out << r.err;
  EXPECT_NE(r.err.find("the disk is full: cannot write to "), std::string::npos) << r.err;
  EXPECT_EQ(nlohmann::json::parse(summary)["status"], "failed");
  EXPECT_EQ(csv.back(), '\n');
}

}  // namespace
}  // namespace xedgesim::testing
