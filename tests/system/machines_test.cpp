// Linux machines in virtual time, through the program: identical runs per architecture, faults at exact
// times, what is refused, what goes wrong. Those that boot a machine are skipped, with the reason, without
// QEMU or the image.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <map>
#include <regex>

#include "machine_run.h"

namespace xedgesim::testing {
namespace {

/// The kernel modules in a cpio archive as an image has it ("newc", not compressed), by path.
std::map<std::string, std::string> modules_in(const std::string& archive) {
  constexpr size_t kHeader = 110;
  const auto padded = [](size_t n) { return (n + 3) / 4 * 4; };
  std::map<std::string, std::string> out;
  for (size_t at = 0; archive.substr(at, 6) == "070701";) {
    const size_t bytes = std::stoul(archive.substr(at + 54, 8), nullptr, 16);
    const size_t name = std::stoul(archive.substr(at + 94, 8), nullptr, 16);  // with its zero
    const size_t contents = padded(at + kHeader + name);
    const std::string path = archive.substr(at + kHeader, name - 1);
    if (path.ends_with(".ko")) out[path] = archive.substr(contents, bytes);
    at = padded(contents + bytes);
  }
  return out;
}

class Machines : public ::testing::TestWithParam<vm::Arch> {
 protected:
  void SetUp() override {
    if (const std::string why = missing(GetParam()); !why.empty()) GTEST_SKIP() << why;
  }
};

TEST_P(Machines, TwoRunsAreOneWhateverThreadsAndBoundary) {
  const std::string duration = GetParam() == vm::Arch::x86_64 ? "11s" : "8s";
  const auto scenario = [&](const std::string& more) {
    return two_machines(GetParam(), duration, ", commands: [\"iperf3 -s -D\"]" + more,
                        ", commands: [\"ping -c 2 -i 0.2 left\", \"iperf3 -c left -t 1\", date]");
  };
  const MachineRun a(scenario(""), {"--cold-boot"}), b(scenario(", boundary: 170us"), {"-j", "2"});
  ASSERT_EQ(a.result.exit_code, 0) << a.result.out << a.result.err;
  ASSERT_EQ(b.result.exit_code, 0) << b.result.out << b.result.err;
  EXPECT_NE(a.console("right").find("2 packets transmitted, 2 packets received"), std::string::npos)
      << a.console("right");
  EXPECT_TRUE(std::regex_search(a.console("right"), std::regex("Mbits/sec +receiver"))) << a.console("right");
  EXPECT_EQ(a.console("left"), b.console("left"));
  EXPECT_EQ(a.console("right"), b.console("right"));
  EXPECT_EQ(a.summary["digest"], b.summary["digest"]);
  EXPECT_EQ(a.summary["machines"], b.summary["machines"]);
  EXPECT_GT(a.summary["machines"]["right"]["frames_out"], 200);
}

// Checking a signature takes an emulated processor ten million instructions, and the kernels insist on none.
TEST_P(Machines, ModulesLoadWithoutTheirSignatures) {
  const auto modules = modules_in(read_file(vm::ImageStore().get("base", GetParam()).initrd));
  EXPECT_GT(modules.size(), 5u);
  for (const auto& [path, contents] : modules) {
    EXPECT_TRUE(
        contents.starts_with("\x7f"
                             "ELF"))
        << path;
    EXPECT_FALSE(contents.ends_with("~Module signature appended~\n"))
        << path << ": if an earlier version built this image: xedgesim image build base --arch all";
  }
  const MachineRun run(two_machines(GetParam(), GetParam() == vm::Arch::x86_64 ? "8s" : "6s",
                                    ", commands: [\"cat /proc/modules\"]", ""));
  ASSERT_EQ(run.result.exit_code, 0) << run.result.out << run.result.err;
  const std::string console = run.console("left");
  for (const char* name : {"virtio_net", "virtio_blk"})
    EXPECT_TRUE(std::regex_search(console, std::regex(std::string(name) + " .* Live "))) << console;
}

TEST_P(Machines, OneThatSleepsIsHardlyAsked) {
  const MachineRun run("scenario: {name: idle, duration: 66s}\nnodes:\n" +
                       machine("left", GetParam(), 1, ", boundary: 1ms") +
                       "  - {id: right, type: model, ip: 10.0.0.2}\n"
                       "links: [{endpoints: [\"left:eth0\", \"right:eth0\"], latency: 1ms}]\n");
  ASSERT_EQ(run.result.exit_code, 0) << run.result.err;
  EXPECT_NE(run.console("left").find("is up"), std::string::npos);
  EXPECT_LT(run.summary["host"]["machine_looks"]["left"], 12'000);  // of 66,000, 6,000 at most while it boots
}

/// left - gw - right: a machine with two cards between two others, the cables plugged in backwards.
std::string router(vm::Arch arch, const std::string& duration, const std::string& gw, const std::string& left,
                   const std::string& right, const std::string& rest = {}) {
  const std::string kind =
      ", type: vm, arch: " + std::string(to_string(arch)) + ", memory: 256MiB, image: base";
  return "scenario: {name: router, duration: " + duration + "}\nnodes:\n  - {id: left" + kind +
         ", ip: 10.1.0.1, gateway: 10.1.0.254" + left + "}\n  - {id: gw" + kind +
         ", interfaces: [{name: eth0, ip: 10.1.0.254, mac: \"52:54:00:00:00:0a\"}, {name: eth1, ip: "
         "10.2.0.254, mac: \"52:54:00:00:00:0b\"}]" +
         gw + "}\n  - {id: right" + kind + ", ip: 10.2.0.1, gateway: 10.2.0.254" + right +
         "}\nlinks:\n  - {id: second, endpoints: [\"right:eth0\", \"gw:eth1\"], latency: 300us}\n"
         "  - {id: first, endpoints: [\"gw:eth0\", \"left:eth0\"], latency: 200us}\n" +
         rest;
}

TEST_P(Machines, ARouterBetweenTwoNetworksIsRepeatable) {
  // Machines are up after 3 to 6 s, which is the image's; a first ping that goes before the router is up
  // takes 1 s.
  const std::string duration = GetParam() == vm::Arch::x86_64 ? "14s" : "11s";
  const auto scenario = [&](const std::string& more) {
    return router(
        GetParam(), duration,
        ", commands: [\"echo 1 >/proc/sys/net/ipv4/ip_forward\", \"cat "
        "/sys/class/net/eth0/address /sys/class/net/eth1/address\"]" +
            more,
        ", commands: [\"iperf3 -s -D\"]",
        ", commands: [\"until ping -c 1 -W 1 left; do sleep 0.1; done\", \"ping -c 2 -i 0.2 left\", "
        "\"iperf3 -c left -t 1\", \"cat /etc/hosts\"]",
        "faults:\n  - {time: " + std::string(GetParam() == vm::Arch::x86_64 ? "13s" : "10s") +
            ", type: link_down, target: second, duration: 200ms}\n");
  };
  const MachineRun a(scenario("")), b(scenario(", boundary: 90us"), {"-j", "2"});
  ASSERT_EQ(a.result.exit_code, 0) << a.result.out << a.result.err;
  ASSERT_EQ(b.result.exit_code, 0) << b.result.out << b.result.err;
  EXPECT_EQ(a.summary["digest"], b.summary["digest"]);
  for (const char* node : {"left", "gw", "right"}) EXPECT_EQ(a.console(node), b.console(node));
  EXPECT_EQ(a.summary["machines"], b.summary["machines"]);
  // The order of the cards is the scenario's, not that of the links.
  EXPECT_TRUE(std::regex_search(a.console("gw"), std::regex("52:54:00:00:00:0a\n.*52:54:00:00:00:0b\n")))
      << a.console("gw");
  EXPECT_NE(a.console("right").find("2 packets transmitted, 2 packets received"), std::string::npos)
      << a.console("right");
  EXPECT_NE(a.console("right").find("ttl=63"), std::string::npos) << "one router on the way";
  EXPECT_TRUE(std::regex_search(a.console("right"), std::regex("Mbits/sec +receiver"))) << a.console("right");
  // A name is the address in the asker's own network.
  EXPECT_NE(a.console("right").find("10.2.0.254 gw"), std::string::npos) << a.console("right");
  const auto& gw = a.summary["machines"]["gw"];
  EXPECT_GT(gw["cards"]["eth0"]["frames_out"], 100);
  EXPECT_GT(gw["cards"]["eth1"]["frames_in"], 100);
  EXPECT_EQ(gw["cards"]["eth0"]["frames_in"].get<int>() + gw["cards"]["eth1"]["frames_in"].get<int>(),
            gw["frames_in"].get<int>());
}

TEST(MachineFaults, EachCardHasTheCarrierOfItsOwnCable) {
  constexpr vm::Arch kArch = vm::Arch::aarch64;
  if (const std::string why = missing(kArch); !why.empty()) GTEST_SKIP() << why;
  const MachineRun a(router(kArch, "7s",
                            ", commands: [\"while true; do echo cards $(cat /sys/class/net/eth0/carrier "
                            "/sys/class/net/eth1/carrier); sleep 0.1; done\"]",
                            "", "",
                            "faults:\n  - {time: 5s, type: link_down, target: first, duration: 500ms}\n"
                            "  - {time: 6s, type: link_down, target: second, duration: 500ms}\n"));
  ASSERT_EQ(a.result.exit_code, 0) << a.result.out << a.result.err;
  std::istringstream lines(a.console("gw"));
  std::map<std::string, std::vector<double>> seen;
  for (std::string line; std::getline(lines, line);)
    if (const size_t at = line.find("cards "); at != std::string::npos && line[at + 6] != '$')
      seen[line.substr(at + 6)].push_back(std::stod(line.substr(1)));
  constexpr double kLoop = 0.15;
  for (const double t : seen["0 1"]) EXPECT_TRUE(t > 5 && t < 5.5 + kLoop) << t;
  for (const double t : seen["1 0"]) EXPECT_TRUE(t > 6 && t < 6.5 + kLoop) << t;
  EXPECT_GE(seen["0 1"].size(), 2u) << a.console("gw");
  EXPECT_GE(seen["1 0"].size(), 2u) << a.console("gw");
  EXPECT_GE(seen["1 1"].size(), 3u) << a.console("gw");
}

INSTANTIATE_TEST_SUITE_P(Arch, Machines, ::testing::Values(vm::Arch::x86_64, vm::Arch::aarch64),
                         [](const auto& i) { return std::string(to_string(i.param)); });

TEST(MachineFaults, PauseLossOfPowerAndLinkDownHappenAtTheirTimes) {
  constexpr vm::Arch kArch = vm::Arch::aarch64;
  if (const std::string why = missing(kArch); !why.empty()) GTEST_SKIP() << why;
  const std::string faults =
      "faults:\n"
      "  - {time: 6s, type: node_failure, target: left, duration: 2s}\n"
      "  - {time: 9s, type: link_down, target: cable, duration: 1s}\n"
      "  - {time: 11s, type: machine_failure, target: left, duration: 1s}\n";
  const std::string scenario =
      two_machines(kArch, "16500ms", ", commands: [\"while true; do date; sleep 0.5; done\"]",
                   ", commands: [\"ping -i 0.1 -W 1 left\"]", faults);
  const MachineRun a(scenario);
  ASSERT_EQ(a.result.exit_code, 0) << a.result.out << a.result.err;
  EXPECT_EQ(a.summary["machines"]["left"]["boots"], 2);
  EXPECT_EQ(a.summary["machines"]["right"]["boots"], 1);
  EXPECT_GT(a.summary["machines"]["left"]["missed"], 0);
  // Which pings came back: each carries its number, sent every 100 ms.
  std::istringstream lines(a.console("right"));
  std::vector<double> answered;
  for (std::string line; std::getline(lines, line);)
    if (line.find("bytes from") != std::string::npos) answered.push_back(std::stod(line.substr(1)));
  const auto within = [&](double from, double to) {
    return std::count_if(answered.begin(), answered.end(), [&](double t) { return t > from && t < to; });
  };
  EXPECT_GE(within(5, 6), 8);
  EXPECT_EQ(within(6.01, 8), 0);
  EXPECT_GE(within(8.2, 9), 6);
  EXPECT_EQ(within(9.01, 10), 0);
  EXPECT_GE(within(10.2, 11), 6);
  EXPECT_EQ(within(11.01, 12), 0);
  EXPECT_GE(within(16, 16.5), 3);
  // What the paused machine prints of the date is two seconds behind afterwards.
  EXPECT_NE(a.console("left").find("00:00:05 UTC 2024\n"), std::string::npos);
  EXPECT_TRUE(
      std::regex_search(a.console("left"), std::regex(R"(\[ +8\.\d+\] Mon Jan  1 00:00:0[67] UTC 2024)")))
      << a.console("left");
}

TEST(MachineFaults, AGuestThatPanicsIsOffAndTheRunGoesOn) {
  constexpr vm::Arch kArch = vm::Arch::aarch64;
  if (const std::string why = missing(kArch); !why.empty()) GTEST_SKIP() << why;
  const MachineRun a(
      two_machines(kArch, "3s", ", kernel_args: \"rdinit=/nothing\"", ", kernel_args: \"rdinit=/nothing\""));
  ASSERT_EQ(a.result.exit_code, 0) << a.result.out << a.result.err;
  EXPECT_NE(a.console("left").find("Kernel panic"), std::string::npos) << a.console("left");
  EXPECT_EQ(a.summary["machines"]["left"]["state"], "off");
  EXPECT_EQ(a.summary["machines"]["left"]["panics"], 1);
}

TEST(MachineFaults, ACableThatIsUnpluggedTakesTheCarrierFromTheCardAtItsTime) {
  constexpr vm::Arch kArch = vm::Arch::aarch64;
  if (const std::string why = missing(kArch); !why.empty()) GTEST_SKIP() << why;
  const auto scenario = [&](const std::string& more) {
    return two_machines(
        kArch, "9s",
        ", commands: [\"while true; do echo carrier $(cat /sys/class/net/eth0/carrier); sleep 0.1; done\"]" +
            more,
        ", commands: [\"ping -i 0.1 -W 1 left\"]",
        "faults:\n"
        "  - {time: 5500ms, type: link_down, target: cable, duration: 1s}\n"
        "  - {time: 7200ms, type: node_failure, target: left, duration: 400ms}\n"
        "  - {time: 7400ms, type: link_down, target: cable, duration: 1s}\n");
  };
  const MachineRun a(scenario("")), b(scenario(", boundary: 130us"), {"-j", "2"});
  ASSERT_EQ(a.result.exit_code, 0) << a.result.out << a.result.err;
  EXPECT_EQ(a.summary["digest"], b.summary["digest"]);
  EXPECT_EQ(a.console("left"), b.console("left"));
  std::istringstream lines(a.console("left"));
  std::vector<std::pair<double, int>> seen;
  for (std::string line; std::getline(lines, line);)
    if (const size_t at = line.find("carrier "); at != std::string::npos && line[at + 8] != '$')
      seen.emplace_back(std::stod(line.substr(1)), std::stoi(line.substr(at + 8)));
  // A round of the loop takes its time: what was read just before may be printed just after.
  constexpr double kLoop = 0.15;
  size_t with = 0, without = 0;
  for (const auto& [t, carrier] : seen) {
    const bool unplugged = (t > 5.5 + kLoop && t < 6.5) || (t > 7.6 + kLoop && t < 8.4);
    const bool plugged = t < 5.5 || (t > 6.5 + kLoop && t < 7.2) || t > 8.4 + kLoop;
    if (unplugged) {
      EXPECT_EQ(carrier, 0) << t;
      ++without;
    }
    if (plugged) {
      EXPECT_EQ(carrier, 1) << t;
      ++with;
    }
  }
  EXPECT_GE(with, 10u) << a.console("left");
  EXPECT_GE(without, 8u) << a.console("left");
}

TEST(MachineFaults, NothingIsLeftWhenTheProgramIsKilled) {
  constexpr vm::Arch kArch = vm::Arch::aarch64;
  if (const std::string why = missing(kArch); !why.empty()) GTEST_SKIP() << why;
  TemporaryFolder folder;
  std::ofstream(folder / "s.yaml") << two_machines(kArch, "3000s", "", "");
  Program program({"run", (folder / "s.yaml").string(), "-q", "--output", (folder / "run").string()});
  const auto children = [&] {
    std::vector<pid_t> out;
    for (const auto& e : std::filesystem::directory_iterator("/proc")) {
      const std::string name = e.path().filename().string();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      if (read_file(e.path() / "cmdline").find((folder / "run/vm/").string()) != std::string::npos)
        out.push_back(std::stoi(name));
    }
    return out;
  };
  for (int i = 0; i < 600 && !std::filesystem::exists(folder / "run/consoles/right.log"); ++i)
    usleep(100'000);
  EXPECT_EQ(children().size(), 2u);
  kill(program.pid(), SIGKILL);
  program.wait();
  for (int i = 0; i < 100 && !children().empty(); ++i) usleep(100'000);
  EXPECT_TRUE(children().empty());
}

TEST(MachineFaults, AQemuThatIsKilledEndsTheRunWithItsName) {
  constexpr vm::Arch kArch = vm::Arch::aarch64;
  if (const std::string why = missing(kArch); !why.empty()) GTEST_SKIP() << why;
  TemporaryFolder folder;
  std::ofstream(folder / "s.yaml") << two_machines(kArch, "3000s", "", "");
  Program program({"run", (folder / "s.yaml").string(), "-q", "--output", (folder / "run").string()});
  for (int i = 0; i < 600 && !std::filesystem::exists(folder / "run/consoles/right.log"); ++i)
    usleep(100'000);
  for (const auto& e : std::filesystem::directory_iterator("/proc")) {
    const std::string name = e.path().filename().string();
    if (name.find_first_not_of("0123456789") == std::string::npos &&
        read_file(e.path() / "cmdline").find((folder / "run/vm/left").string()) != std::string::npos)
      kill(std::stoi(name), SIGKILL);
  }
  const ProgramResult r = program.wait();
  EXPECT_EQ(r.exit_code, 1);
  EXPECT_NE(r.err.find("machine 'left': QEMU ended"), std::string::npos) << r.err;
  EXPECT_NE(r.err.find("signal 9"), std::string::npos) << r.err;
}

TEST(MachineFaults, AKernelThatIsNoneIsReportedWithQemusWords) {
  constexpr vm::Arch kArch = vm::Arch::x86_64;
  if (const std::string why = missing(kArch); !why.empty()) GTEST_SKIP() << why;
  TemporaryFolder folder;
  std::ofstream(folder / "kernel") << "no kernel";
  std::string scenario = two_machines(kArch, "2s", "", "");
  scenario.replace(scenario.find("image: base"), 11, "kernel: " + (folder / "kernel").string());
  const MachineRun a(scenario);
  EXPECT_EQ(a.result.exit_code, 1);
  EXPECT_NE(a.result.err.find("machine 'left'"), std::string::npos) << a.result.err;
}

TEST(MachineChecks, WhatIsNotRepeatableIsRefusedWithTheReason) {
  const auto said = [](const std::string& more, const std::string& latency = "1ms") {
    std::string text = two_machines(vm::Arch::x86_64, "1s", more, "");
    text.replace(text.find("latency: 1ms"), 12, "latency: " + latency);
    text.replace(text.find("scenario: {"), 11, "scenario: {clock: virtual, ");
    TemporaryFolder folder;
    std::ofstream(folder / "s.yaml") << text;
    const ProgramResult r = run_program({"validate", (folder / "s.yaml").string()});
    EXPECT_EQ(r.exit_code, 3) << r.out;
    return r.out + r.err;
  };
  EXPECT_NE(
      said(", vcpus: 2").find("2 processors are not repeatable, their order is the host's: use vcpus: 1"),
      std::string::npos);
  EXPECT_NE(said(", disks: [{file: /etc/hostname}]")
                .find("which is not a number of sectors of 512: give a raw image"),
            std::string::npos);
  EXPECT_NE(said(", cpu_model: host").find("depends on the host: name a model such as qemu64"),
            std::string::npos);
  EXPECT_NE(said(", cpu_quota: 50%").find("mean nothing in virtual time"), std::string::npos);
  EXPECT_NE(said(", backend: libvirt").find("has no virtual time"), std::string::npos);
  EXPECT_NE(said(", firmware: uefi").find("the kernel of `base` starts a disk image"), std::string::npos);
  EXPECT_NE(said("", "1us").find("set a latency of 10 us at least"), std::string::npos);
  EXPECT_NE(said(", files: {relative: /etc/hostname}").find("begin with /"), std::string::npos);
}

TEST(MachineChecks, AMissingImageSaysHowToBuildIt) {
  const auto probe =
      vm::probe_virtual_time(vm::Arch::x86_64, std::string(XEDGESIM_BINARY_DIR) + "/xedgesim-vt.so");
  if (!probe.qemu) GTEST_SKIP() << probe.reason;
  std::string text = two_machines(vm::Arch::x86_64, "1s", "", "");
  text.replace(text.find("image: base"), 11, "image: nosuch");
  const MachineRun a(text);
  EXPECT_EQ(a.result.exit_code, 3);
  EXPECT_NE(a.result.err.find("make it by `xedgesim image build nosuch --arch x86_64`"), std::string::npos)
      << a.result.err;
}

}  // namespace
}  // namespace xedgesim::testing
