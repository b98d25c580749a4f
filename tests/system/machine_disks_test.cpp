// Disks of Linux machines in virtual time: Linux's own drivers of ATA over Ethernet and of NVDIMMs, and ext4.
#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>

#include "machine_run.h"

namespace xedgesim::testing {
namespace {

struct Kind {
  vm::Arch arch;
  std::string bus;
};

class Disks : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (const std::string why = missing(GetParam().arch); !why.empty()) GTEST_SKIP() << why;
    std::ofstream(folder_ / "file.img", std::ios::binary) << "of the host" << std::string(64 * 512 - 11, '.');
  }
  TemporaryFolder folder_;
};

TEST_P(Disks, TwoRunsAreOneAndNothingIsWrittenToTheHost) {
  const auto scenario = [&](const std::string& more) {
    return two_machines(GetParam().arch, "9s",
                        ", disk_bus: " + GetParam().bus +
                            ", extra_disk_size: 48MiB, disks: [{file: " + (folder_ / "file.img").string() +
                            "}], commands: [\"head -c 11 /dev/vda; echo\", \"echo changed >/dev/vda; sync\", "
                            "\"blockdev --getsize64 /dev/vdb\", "
                            "\"seq 20000 | dd of=/dev/vdb bs=4k conv=fsync 2>/dev/null\", \"echo 3 "
                            ">/proc/sys/vm/drop_caches\", \"head -c "
                            "108894 /dev/vdb | md5sum\", \"seq 20000 | md5sum\", date]" +
                            more,
                        "");
  };
  const MachineRun a(scenario("")), b(scenario(", boundary: 70us"), {"-j", "2"});
  ASSERT_EQ(a.result.exit_code, 0) << a.result.out << a.result.err;
  const std::string console = a.console("left");
  EXPECT_NE(console.find("of the host"), std::string::npos) << console;
  EXPECT_NE(console.find(" 50331648"), std::string::npos) << console;
  // The sum of what was written and read back, and that of what was to be.
  std::smatch sums;
  ASSERT_TRUE(std::regex_search(console, sums, std::regex("([0-9a-f]{32})  -[^]*?([0-9a-f]{32})  -")))
      << console;
  EXPECT_EQ(sums[1], sums[2]);
  EXPECT_EQ(console, b.console("left"));
  EXPECT_EQ(a.summary["digest"], b.summary["digest"]);
  EXPECT_EQ(a.summary["machines"], b.summary["machines"]);
  if (GetParam().bus == "aoe") {
    EXPECT_GE(a.summary["machines"]["left"]["disks"]["sectors_written"], 108894 / 512);
  }
  EXPECT_FALSE(a.summary["machines"]["right"].contains("disks"));
  EXPECT_EQ(read_file(folder_ / "file.img").substr(0, 11), "of the host");
}
TEST_P(Disks, ALossOfPowerLosesNone) {
  const MachineRun r(
      two_machines(GetParam().arch, "18s",
                   ", disk_bus: " + GetParam().bus +
                       ", extra_disk_size: 1MiB, commands: [\"echo it was $(head -c 4 /dev/vda | "
                       "tr '\\\\0' 0)\", \"echo kept >/dev/vda; sync\"]",
                   "", "faults: [{time: 9s, type: machine_reset, target: left}]\n"));
  ASSERT_EQ(r.result.exit_code, 0) << r.result.out << r.result.err;
  const std::string console = r.console("left");
  const size_t first = console.find(" it was 0000");
  ASSERT_NE(first, std::string::npos) << console;
  EXPECT_NE(console.find(" it was kept", first), std::string::npos) << console;
}

INSTANTIATE_TEST_SUITE_P(Kinds, Disks,
                         ::testing::Values(Kind{vm::Arch::x86_64, "aoe"}, Kind{vm::Arch::x86_64, "nvdimm"},
                                           Kind{vm::Arch::aarch64, "aoe"}),
                         [](const auto& p) {
                           return std::string(to_string(p.param.arch)) + "_" + p.param.bus;
                         });

class RootDisk : public ::testing::TestWithParam<std::string> {};

TEST_P(RootDisk, IsADiskImage) {
  constexpr vm::Arch kArch = vm::Arch::x86_64;
  if (const std::string why = missing(kArch); !why.empty()) GTEST_SKIP() << why;
  if (!std::filesystem::exists("/bin/busybox") || !std::filesystem::exists("/sbin/mke2fs") ||
      vm::host_arch() != kArch)
    GTEST_SKIP() << "needs busybox-static and e2fsprogs (scripts/setup --with tests) on an x86-64 host";
  const TemporaryFolder folder;
  for (const char* name : {"bin", "sbin", "dev", "proc", "mnt"})
    std::filesystem::create_directories(folder / "root" / name);
  std::filesystem::copy_file("/bin/busybox", folder / "root/bin/busybox");
  std::filesystem::create_symlink("busybox", folder / "root/bin/sh");
  const auto init = folder / "root/sbin/init";
  std::ofstream(init)
      << "#!/bin/sh\nb=/bin/busybox\n$b mount -t proc proc /proc\n$b mount -t devtmpfs dev /dev\n"
         "exec >/dev/console\necho root is $($b awk '$2 == \"/\" && $3 == \"ext4\" {print $1}' "
         "/proc/mounts)\n"
         "$b mount -o remount,rw / && echo x >/here && $b cat /here\necho name $($b cat "
         "/etc/xedgesim/hostname)\n"
         "$b poweroff -f\n";
  std::filesystem::permissions(init, std::filesystem::perms(0755));
  const std::string image = (folder / "root.img").string();
  const std::string make =
      "/sbin/mke2fs -q -t ext4 -d '" + (folder / "root").string() + "' '" + image + "' 300M 2>/dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0) << make;
  std::string text = two_machines(kArch, "9s", "", "");
  text.replace(text.find("image: base"), 11, "disk_bus: " + GetParam() + ", image: " + image);
  const MachineRun a(text), b(text);
  ASSERT_EQ(a.result.exit_code, 0) << a.result.out << a.result.err;
  EXPECT_NE(a.console("left").find("root is /dev/"), std::string::npos) << a.console("left");
  EXPECT_NE(a.console("left").find("name left"), std::string::npos) << a.console("left");
  EXPECT_EQ(a.summary["digest"], b.summary["digest"]);
}

INSTANTIATE_TEST_SUITE_P(Bus, RootDisk, ::testing::Values("aoe", "nvdimm"),
                         [](const auto& p) { return p.param; });

TEST(DiskBus, AnNvdimmIsForAPc) {
  const MachineRun r(two_machines(vm::Arch::aarch64, "1s", ", disk_bus: nvdimm, extra_disk_size: 1MiB", ""));
  EXPECT_EQ(r.result.exit_code, 3);
  EXPECT_NE(r.result.err.find("s.yaml:3:5: nodes[0]: node 'left': disk_bus: nvdimm is for x86_64"),
            std::string::npos)
      << r.result.err;
}

TEST(ChassisDisks, TheChassisInVirtualTimeIsOneDigest) {
  for (const vm::Arch arch : {vm::Arch::x86_64, vm::Arch::aarch64})
    if (const std::string why = missing(arch); !why.empty()) GTEST_SKIP() << why;
  for (const char* image : {"compute", "storage"})
    if (!vm::ImageStore().find(image, vm::Arch::x86_64)) GTEST_SKIP() << "xedgesim image build " << image;
  const auto run = [](std::vector<std::string> more) {
    const TemporaryFolder folder;
    std::vector<std::string> arguments{"run",
                                       source("scenarios/chassis/scenario.yaml"),
                                       "-q",
                                       "--output",
                                       (folder / "run").string(),
                                       "--set",
                                       "scenario.clock=virtual",
                                       "--set",
                                       "scenario.duration=13s",
                                       "--set",
                                       "faults=[]",
                                       "--set",
                                       "validation.assertions=[]",
                                       "--set",
                                       "nodes[0].vcpus=1"};
    for (int i = 0; i < 3; ++i)
      arguments.insert(arguments.end(), {"--set", "links[" + std::to_string(i) + "].latency=200us"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProgramResult r = run_program(arguments);
    EXPECT_EQ(r.exit_code, 0) << r.out << r.err;
    return std::pair(nlohmann::json::parse(read_file(folder / "run/summary.json")),
                     read_file(folder / "run/consoles/storage.log"));
  };
  const auto [a, console] = run({});
  const auto [b, again] = run({"-j", "2"});
  EXPECT_EQ(a["digest"], b["digest"]);
  EXPECT_EQ(console, again);
  EXPECT_TRUE(std::regex_search(console, std::regex("/data has [0-9]{4,5} MiB"))) << console;
  EXPECT_NE(console.find("3 packets transmitted, 3 packets received"), std::string::npos) << console;
  EXPECT_NE(console.find(" 10737418240"), std::string::npos) << console;
}

}  // namespace
}  // namespace xedgesim::testing
