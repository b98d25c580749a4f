// Firmware by others: MicroPython for the BBC micro:bit, from Debian's firmware-microbit-micropython (no copy
// is kept here).
#include <gtest/gtest.h>

#include "program.h"

namespace xedgesim::testing {
namespace {

constexpr const char* kFirmware = "/usr/share/firmware-microbit-micropython/firmware.hex";

TEST(MicroPython, AnswersAtItsPromptInBothEngines) {
  if (!std::filesystem::exists(kFirmware))
    GTEST_SKIP() << "no " << kFirmware << ": install Debian 12's firmware-microbit-micropython";
  std::vector<std::string> digests, consoles;
  for (const char* engine : {"auto", "interpreter"}) {
    TemporaryFolder folder;
    const auto scenario = folder / "scenario.yaml";
    std::ofstream(scenario)
        << "scenario: {name: micropython, duration: 4s}\n"
           "devices:\n"
           "  - id: board\n"
           "    platform: microbit\n"
           "    firmware: "
        << kFirmware
        << "\n"
           "    console:\n"
           "      input:\n"
           "        - {at: 1s, text: \"print(1+1)\\r\"}\n"
           "        - {at: 2s, text: \"sum([n*n for n in range(50)])\\r\"}\n"
           "        - {at: 3s, text: \"1/0\\r\"}\n"
           "validation:\n  assertions:\n"
           "    - {expect_line: \"^>>> print\\\\(1\\\\+1\\\\)$\", before: 3s}\n"
           "    - {expect_line: \"^2$\", before: 3s}\n";
    const ProgramResult r = run_program(
        {"run", scenario.string(), "-q", "--engine", engine, "--output", (folder / "run").string()});
    ASSERT_EQ(r.exit_code, 0) << r.out << r.err;
    digests.push_back(nlohmann::json::parse(read_file(folder / "run/summary.json"))["digest"]);
    consoles.push_back(read_file(folder / "run/consoles/board.log"));
    EXPECT_NE(consoles.back().find("MicroPython v1.9.2"), std::string::npos);
    EXPECT_NE(consoles.back().find("] 40425\n"), std::string::npos) << consoles.back();
    EXPECT_NE(consoles.back().find("ZeroDivisionError"), std::string::npos) << consoles.back();
  }
  EXPECT_EQ(digests[0], digests[1]);
  EXPECT_EQ(consoles[0], consoles[1]);
}

}  // namespace
}  // namespace xedgesim::testing
