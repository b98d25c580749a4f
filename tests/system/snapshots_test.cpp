// Machines that were booted once: their later boots start from a snapshot and are the same to the
// instruction.
#include <gtest/gtest.h>

#include <cstdlib>

#include "machine_run.h"
#include "vm/snapshot_store.h"

namespace xedgesim::testing {
namespace {

class Snapshots : public ::testing::TestWithParam<vm::Arch> {
 protected:
  void SetUp() override {
    if (const std::string why = missing(GetParam()); !why.empty()) GTEST_SKIP() << why;
    setenv("XEDGESIM_SNAPSHOTS", (folder / "snapshots").c_str(), 1);
  }
  /// Up after 3.4 s (ARM64) or 5.8 s; `noise` is a frame that both get while they boot.
  std::string scenario(const std::string& noise, const std::string& rest = {}) const {
    const std::string arch = GetParam() == vm::Arch::x86_64 ? "x86_64" : "aarch64";
    const auto vm = [&](const std::string& id, int host, const std::string& more) {
      return "  - {id: " + id + ", type: vm, arch: " + arch + ", memory: 256MiB, image: base, ip: 10.0.0." +
             std::to_string(host) + more + "}\n";
    };
    return "scenario: {name: snapshots, duration: 8s}\nnodes:\n" + vm("left", 1, "") +
           vm("right", 2, ", commands: [\"ping -c 2 -i 0.2 left\", \"cat /proc/uptime /proc/interrupts\"]") +
           "  - {id: probe, type: model, ip: 10.0.0.3, traffic: [{to: left, type: ping, interval: 3s, "
           "start: " +
           noise +
           "}]}\nswitches: [{id: sw, ports: 3}]\nlinks:\n"
           "  - {id: l, endpoints: [\"left:eth0\", \"sw:1\"], latency: 1ms}\n"
           "  - {id: r, endpoints: [\"right:eth0\", \"sw:2\"], latency: 1ms}\n"
           "  - {endpoints: [\"probe:eth0\", \"sw:3\"], latency: 10us}\n" +
           rest;
  }
  static void expect_same(const MachineRun& a, const MachineRun& b) {
    ASSERT_EQ(a.result.exit_code, 0) << a.result.out << a.result.err;
    ASSERT_EQ(b.result.exit_code, 0) << b.result.out << b.result.err;
    EXPECT_EQ(a.summary["digest"], b.summary["digest"]);
    EXPECT_EQ(a.summary["machines"], b.summary["machines"]);
    for (const char* node : {"left", "right"}) EXPECT_EQ(a.console(node), b.console(node));
  }
  static int restored(const MachineRun& run) {
    const auto& m = run.summary["host"]["machines_restored"];
    return m["left"].get<int>() + m["right"].get<int>();
  }
  TemporaryFolder folder;
};

TEST_P(Snapshots, ARestoredMachineIsTheOneThatBooted) {
  const std::string text = scenario("1500ms");
  const MachineRun cold(text, {"--cold-boot"});
  EXPECT_EQ(vm::SnapshotStore(folder / "snapshots").usage().snapshots, 0u);
  const MachineRun first(text), second(text), threads(text, {"-j", "2"});
  EXPECT_NE(cold.console("right").find("2 packets received"), std::string::npos) << cold.console("right");
  EXPECT_EQ(restored(cold) + restored(first), 0);
  EXPECT_EQ(restored(second), 2);
  EXPECT_EQ(restored(threads), 2);
  expect_same(cold, first);
  expect_same(cold, second);
  expect_same(cold, threads);
}

TEST_P(Snapshots, OneThatHearsSomethingElseBootsInFull) {
  const MachineRun first(scenario("1500ms"));
  EXPECT_EQ(vm::SnapshotStore(folder / "snapshots").usage().snapshots, 2u);
  // Other frames while it boots; none any more; a cable that is pulled and plugged; a pause.
  const std::string link = "faults: [{type: link_down, target: r, time: 2s, duration: 500ms}]\n";
  const std::string pause = "faults: [{type: node_failure, target: right, time: 1s, duration: 500ms}]\n";
  std::vector<std::string> others{scenario("700ms")};
  if (GetParam() == vm::Arch::aarch64)  // which boots in half the time
    others.insert(others.end(), {scenario("7s"), scenario("1500ms", link), scenario("1500ms", pause)});
  for (const std::string& text : others) {
    SCOPED_TRACE(text);
    const MachineRun cold(text, {"--cold-boot"}), other(text);
    EXPECT_LT(restored(other), 2);
    expect_same(cold, other);
  }
}

TEST_P(Snapshots, ADamagedOneIsOfNoConsequence) {
  const std::string text = scenario("1500ms");
  const MachineRun first(text);
  // One with a bit that flipped, and one that was kept as QEMU does not take it up.
  bool flipped = false;
  const vm::SnapshotStore store(folder / "snapshots");
  std::vector<std::string> keys;
  for (const auto& e : std::filesystem::directory_iterator(folder / "snapshots"))
    keys.push_back(e.path().filename().string());
  for (const std::string& key : keys) {
    const auto file = folder / "snapshots" / key / "state";
    if (!std::exchange(flipped, true)) {
      std::fstream state(file, std::ios::binary | std::ios::in | std::ios::out);
      const int was = state.seekg(40'000'000).get();
      state.seekp(40'000'000).put(static_cast<char>(was ^ 4));
      continue;
    }
    const auto found = store.find(key);
    ASSERT_TRUE(found);
    std::string state = read_file(file);
    state.replace(0, 15, "neither is this");
    store.keep(key, found->snapshot,
               [&](const auto& to, int) { std::ofstream(to, std::ios::binary) << state; });
  }
  const MachineRun second(text), third(text);
  EXPECT_EQ(restored(second), 0);
  const std::string said = second.result.out + second.result.err;
  EXPECT_NE(said.find("is not what was kept there, so its machine boots in full"), std::string::npos) << said;
  EXPECT_EQ(third.result.out.find("is not what was kept"), std::string::npos);
  EXPECT_EQ(restored(third), 2) << "kept anew";
  expect_same(first, second);
  expect_same(first, third);
}

INSTANTIATE_TEST_SUITE_P(Arch, Snapshots, ::testing::Values(vm::Arch::x86_64, vm::Arch::aarch64),
                         [](const auto& i) { return std::string(to_string(i.param)); });

}  // namespace
}  // namespace xedgesim::testing
