// Guests that hang, panic or flood, and a QEMU that is stopped or killed from outside, on both clocks: the
// run ends, its verdict says what was wrong, and what is without end is bounded and counted. Bare programs
// for the ARM machine stand for guests that no image would make.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "machine_run.h"

namespace xedgesim::testing {
namespace {

constexpr vm::Arch kArm = vm::Arch::aarch64;
constexpr int64_t kRoom = int64_t{96} << 20;  // bytes that a flood may cost us

std::string missing_qemu() {
  const auto probe = vm::probe_virtual_time(kArm, std::string(XEDGESIM_BINARY_DIR) + "/xedgesim-vt.so");
  return probe.qemu ? "" : probe.reason;
}

/// Instructions of AArch64, as QEMU's `virt` runs a file that is no kernel. The serial port is at 0x09000000.
std::string program(const std::vector<uint32_t>& instructions) {
  std::string out;
  for (const uint32_t word : instructions)
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(word >> shift);
  return out;
}
const std::vector<uint32_t> kPrintsH{
    0xd2a12000,  // movz x0, #0x900, lsl #16
    0x52800901,  // movz w1, #'H'
    0xb9000001,  // str w1, [x0]
    0x52800141,  // movz w1, #'\n'
    0xb9000001,  // str w1, [x0]
    0xd5034fdf,  // msr daifset, #15: no interrupts
};
std::vector<uint32_t> then(std::vector<uint32_t> first, const std::vector<uint32_t>& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}
const std::vector<uint32_t> kSpins{0x14000000};               // b .
const std::vector<uint32_t> kSleeps{0xd503207f, 0x17ffffff};  // wfi; b -4
const std::vector<uint32_t> kPrintsForEver{0x52800901, 0xb9000001, 0xb9000001, 0xb9000001,
                                           0x52800141, 0xb9000001, 0x17fffffa};  // HHH\n, again

std::string bare(const std::string& clock, const std::string& duration, const std::string& rest,
                 const std::string& more = {}) {
  return "scenario: {name: trouble, clock: " + clock + ", duration: " + duration +
         "}\nnodes:\n  - {id: left, type: vm, arch: aarch64, memory: 64MiB, kernel: kernel, ip: 10.0.0.1" +
         more +
         "}\n  - {id: right, type: model, ip: 10.0.0.2}\n"
         "links:\n  - {id: cable, endpoints: [\"left:eth0\", \"right:eth0\"], latency: 1ms}\n" +
         rest;
}

/// A run in a folder that has the program as `kernel`.
struct BareRun {
  BareRun(const std::vector<uint32_t>& instructions, const std::string& scenario) {
    std::ofstream(folder / "kernel", std::ios::binary) << testing::program(instructions);
    std::ofstream(folder / "s.yaml") << scenario;
    result = run_program({"run", (folder / "s.yaml").string(), "-q", "--output", (folder / "run").string()});
    const std::string text = read_file(folder / "run/summary.json");
    if (!text.empty()) summary = nlohmann::json::parse(text);
  }
  TemporaryFolder folder;
  ProgramResult result;
  nlohmann::json summary;
};

class Trouble : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (const std::string why = missing_qemu(); !why.empty()) GTEST_SKIP() << why;
  }
  static std::string clock() { return GetParam(); }
  static bool wall() { return clock() == "wall"; }
};

TEST_P(Trouble, AGuestThatHangsEndsWithTheRunAndTheVerdictSaysSo) {
  const std::string assertion = "validation: {assertions: [{expect_line: ready, node: left}]}\n";
  for (const auto& hang : {kSpins, kSleeps}) {
    const std::string scenario = bare(clock(), wall() ? "3s" : "1s", assertion);
    const BareRun a(then(kPrintsH, hang), scenario);
    EXPECT_EQ(a.result.exit_code, 2) << a.result.out << a.result.err;
    EXPECT_NE(a.summary.dump().find("left did not print it; its last line came at "), std::string::npos)
        << a.summary.dump();
    EXPECT_NE(a.summary.dump().find(": 'H'"), std::string::npos) << a.summary.dump();
    EXPECT_EQ(a.summary["machines"]["left"]["lines"], 1);
    if (wall()) continue;
    EXPECT_EQ(a.summary["machines"]["left"]["state"], "running");
    EXPECT_EQ(a.summary["digest"], BareRun(then(kPrintsH, hang), scenario).summary["digest"]);
  }
}

TEST_P(Trouble, AGuestThatFloodsItsConsoleIsHeardAndKeptToALimit) {
  // On the wall clock a busy host lets the guest print little: its limit is small.
  const size_t most = wall() ? 4 << 10 : 1 << 20;
  const std::string duration = wall() ? "6s" : "150ms";
  const std::string limit = "metrics: {console_limit: " + std::to_string(most >> 10) + "KiB}\n";
  const BareRun quiet(then(kPrintsH, kSleeps), bare(clock(), duration, limit));
  const BareRun flood(then(kPrintsH, kPrintsForEver), bare(clock(), duration, limit));
  ASSERT_EQ(flood.result.exit_code, 0) << flood.result.out << flood.result.err;
  const auto& machine = flood.summary["machines"]["left"];
  EXPECT_GT(machine.value("lines_not_kept", 0), 10) << machine;
  EXPECT_LT(machine.value("lines_not_kept", 0), machine["lines"].get<int>());
  const std::string kept = read_file(flood.folder / "run/consoles/left.log");
  EXPECT_GE(kept.size(), most);
  EXPECT_LE(kept.size(), most + 4096);
  EXPECT_NE(kept.find("further lines are not kept (metrics.console_limit)"), std::string::npos);
  const auto peak = [](const BareRun& r) { return r.summary["host"]["peak_memory_bytes"].get<int64_t>(); };
  EXPECT_LT(peak(flood), peak(quiet) + kRoom);
  EXPECT_FALSE(quiet.summary["machines"]["left"].contains("lines_not_kept"));
}

TEST_P(Trouble, AGuestThatFloodsItsNetworkFillsTheCablesQueueAndNoMore) {
  if (const std::string why = missing(kArm); !why.empty()) GTEST_SKIP() << why;
  const auto scenario = [&](const std::string& command) {
    std::string text =
        two_machines(kArm, wall() ? "22s" : "8s", ", commands: [\"iperf3 -s -D\"]",
                     ", commands: [\"until ping -c 1 -W 1 left; do sleep 0.2; done\", \"" + command + "\"]");
    text.replace(text.find("20Mbit"), 6, "1Mbit, queue: 50");
    return text.replace(text.find("{name: machines"), 15, "{name: machines, clock: " + clock());
  };
  const MachineRun quiet(scenario("true"));
  // `left` answers pings before its iperf3 listens.
  const MachineRun flood(scenario("until iperf3 -c left -u -b 0 -l 1400 -t 1000; do sleep 0.2; done"));
  ASSERT_EQ(flood.result.exit_code, 0) << flood.result.out << flood.result.err;
  const auto& cable = flood.summary["links"]["cable"]["backward"];
  EXPECT_GT(cable["queue_full"], 500) << cable << flood.console("right");
  EXPECT_LE(cable["most_queued_bytes"], 51 * 1514);
  const auto peak = [](const MachineRun& r) { return r.summary["host"]["peak_memory_bytes"].get<int64_t>(); };
  EXPECT_LT(peak(flood), peak(quiet) + kRoom);
}

TEST_P(Trouble, AKernelThatPanicsIsTold) {
  if (const std::string why = missing(kArm); !why.empty()) GTEST_SKIP() << why;
  std::string text = two_machines(kArm, wall() ? "60s" : "4s", ", kernel_args: \"rdinit=/nothing\"", "",
                                  "validation: {assertions: [{expect_line: is up, node: left}]}\n");
  text.replace(text.find("{name: machines"), 15, "{name: machines, clock: " + clock());
  const MachineRun a(text);
  if (wall()) {  // a crash ends such a run
    EXPECT_EQ(a.result.exit_code, 1) << a.result.out << a.result.err;
    EXPECT_NE(a.result.err.find("machine 'left': the guest's kernel panicked"), std::string::npos)
        << a.result.err;
    EXPECT_NE(a.result.err.find("Kernel panic"), std::string::npos) << a.result.err;
  } else {
    EXPECT_EQ(a.result.exit_code, 2) << a.result.out << a.result.err;
    EXPECT_EQ(a.summary["machines"]["left"]["panics"], 1);
    EXPECT_NE(a.summary.dump().find("left did not print it; its last line came at "), std::string::npos);
  }
}

/// The one QEMU of a run, once it is there; -1 after half a minute.
pid_t qemu_of(const std::filesystem::path& folder) {
  for (int i = 0; i < 300; ++i) {
    for (const auto& e : std::filesystem::directory_iterator("/proc")) {
      const std::string name = e.path().filename().string();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      const std::string command = read_file(e.path() / "cmdline");
      if (command.starts_with("/usr/bin/qemu-system-") && command.find(folder.string()) != std::string::npos)
        return std::stoi(name);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return -1;
}

TEST_P(Trouble, AQemuThatIsKilledEndsTheRunWithItsSignal) {
  TemporaryFolder folder;
  std::ofstream(folder / "kernel", std::ios::binary) << program(then(kPrintsH, kSpins));
  std::ofstream(folder / "s.yaml") << bare(clock(), "3000s", "");
  Program run({"run", (folder / "s.yaml").string(), "-q", "--output", (folder / "run").string()});
  const pid_t qemu = qemu_of(folder.path());
  ASSERT_GT(qemu, 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  kill(qemu, SIGKILL);
  const ProgramResult r = run.wait();
  EXPECT_EQ(r.exit_code, 1);
  EXPECT_NE(r.err.find("machine 'left': QEMU ended"), std::string::npos) << r.err;
  EXPECT_NE(r.err.find("signal 9"), std::string::npos) << r.err;
}

TEST(TroubleInVirtualTime, AQemuThatIsStoppedIsGivenUpAfterItsTimeout) {
  if (const std::string why = missing_qemu(); !why.empty()) GTEST_SKIP() << why;
  TemporaryFolder folder;
  std::ofstream(folder / "kernel", std::ios::binary) << program(then(kPrintsH, kSpins));
  std::ofstream(folder / "s.yaml") << bare("virtual", "3000s", "", ", timeout: 2s");
  Program run({"run", (folder / "s.yaml").string(), "-q", "--output", (folder / "run").string()});
  const pid_t qemu = qemu_of(folder.path());
  ASSERT_GT(qemu, 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  kill(qemu, SIGSTOP);
  const ProgramResult r = run.wait();
  EXPECT_EQ(r.exit_code, 1);
  EXPECT_NE(r.err.find("machine 'left': it did not answer within 2 s"), std::string::npos) << r.err;
  EXPECT_NE(kill(qemu, 0), 0);  // and it is gone
}

INSTANTIATE_TEST_SUITE_P(Clock, Trouble, ::testing::Values("virtual", "wall"),
                         [](const auto& i) { return std::string(i.param); });

}  // namespace
}  // namespace xedgesim::testing
