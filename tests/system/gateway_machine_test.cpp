// The border gateway of scenarios/edge-gateway-vm as an ARM64 machine: mosquitto and our services are then
// programs of that processor, on an x86-64 host as well.
#include <gtest/gtest.h>

#include "machine_run.h"

namespace xedgesim::testing {
namespace {

nlohmann::json run_gateway(const std::filesystem::path& output, const std::string& threads) {
  const std::string file = source("scenarios/edge-gateway-vm/scenario.yaml");
  // Every report is answered by the machine's model once its services are up.
  const ProgramResult r = run_program(
      {"run", file, "-q", "-j", threads, "--output", output.string(), "--set", "nodes[border].arch=aarch64",
       "--set", "scenario.duration=12s", "--set", "faults=", "--set",
       "validation.assertions=[{expect_line: 'inference ready', node: border, before: 8s}, "
       "{expect_line: '\"class\":\"healthy\"', node: border}, "
       "{metric: samples_lost, operator: eq, value: 0, scope: {from: 8s, to: 11s}}, "
       "{metric: ml_accuracy, min: 0.8}]"});
  EXPECT_EQ(r.exit_code, 0) << r.out << r.err;
  return nlohmann::json::parse(read_file(output / "summary.json"));
}

TEST(GatewayMachine, OfArm64AnswersTheBoardsTheSameTwice) {
  if (const std::string why = missing(vm::Arch::aarch64, "gateway"); !why.empty()) GTEST_SKIP() << why;
  const TemporaryFolder folder;
  const auto a = run_gateway(folder / "a", "1"), b = run_gateway(folder / "b", "2");
  EXPECT_EQ(a["digest"], b["digest"]);
  EXPECT_EQ(a["machines"], b["machines"]);
  EXPECT_EQ(read_file(folder / "a/consoles/border.log"), read_file(folder / "b/consoles/border.log"));
  EXPECT_GE(a["machines"]["border"]["frames_out"], 12);
}

}  // namespace
}  // namespace xedgesim::testing
