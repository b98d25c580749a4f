// type: renode with the key renode: the adapter of the SDK beside a scripted Monitor. The real program is in
// no Debian.
#include <gtest/gtest.h>

#include <cstdlib>

#include "program.h"

namespace xedgesim::testing {
namespace {

TEST(Renode, FirmwareInARenodeReachesTheGateway) {
  if (std::system("python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null") != 0)
    GTEST_SKIP() << "needs python3, 3.9 or later";
  TemporaryFolder folder;
  std::ofstream(folder / "app.elf") << "the scripted Renode does not look";
  const auto path = folder / "scenario.yaml";
  const auto write = [&](const std::string& program) {
    std::ofstream(path)
        << "scenario: {name: t, duration: 100ms}\n"
           "devices:\n"
           "  - {id: b, count: 2, type: renode, platform: nrf52840dk, firmware: app.elf, timeout: 60s,\n"
           "     placement: {topology: line, spacing: 5m},\n"
           "     renode: {program: "
        << program
        << ", radio_prefix: 2}}\n"
           "network: {gateways: [{id: g}]}\n";
  };
  const auto run = [&](const std::string& to) {
    return run_program({"run", path.string(), "-q", "--output", (folder / to).string()});
  };
  setenv("XS_SDK", source("sdk/python/src").c_str(), 1);
  write("[python3, " + source("sdk/python/tests/scripted_renode.py") + "]");
  ASSERT_EQ(run("one").exit_code, 0);
  const auto first = nlohmann::json::parse(read_file(folder / "one/summary.json"));
  EXPECT_EQ(first["summary"]["total_packets_sent"], 20);
  EXPECT_GE(first["summary"]["total_packets_delivered"], 17);
  EXPECT_NE(read_file(folder / "one/external/b.log").find("b_1: sent at 50 ms"), std::string::npos);
  ASSERT_EQ(run("two").exit_code, 0);
  EXPECT_EQ(nlohmann::json::parse(read_file(folder / "two/summary.json"))["digest"], first["digest"]);

  write("no-such-renode");
  const ProgramResult r = run("three");
  EXPECT_EQ(r.exit_code, 1);
  EXPECT_NE(r.err.find("cannot be started ('no-such-renode'"), std::string::npos) << r.err;
}

}  // namespace
}  // namespace xedgesim::testing
