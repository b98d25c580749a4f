// Control groups, on trees that look like those of hosts with version 1 and version 2.
#include "vm/cgroup.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "temporary_folder.h"
#include "vm/process.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

void put_text(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

const Limits kAll{.memory_hard = int64_t{600} << 20,
                  .memory_soft = int64_t{512} << 20,
                  .cpu_quota = 0.5,
                  .cpu_shares = 2048};

TEST(Cgroups, OfVersionOneHaveAFolderAController) {
  const TemporaryFolder root;
  fs::create_directories(root / "memory/box");
  fs::create_directories(root / "cpu");
  put_text(root / "self", "9:name=systemd:/\n4:memory:/box\n2:cpu,cpuacct:/elsewhere\n0::/\n");
  const CgroupHost host(root.path(), root / "self");
  std::string missed;
  const auto made = host.apply("m", kAll, 4711, missed);
  EXPECT_EQ(missed, "");
  EXPECT_EQ(made, (std::vector<fs::path>{root / "memory/box/m", root / "cpu/m"}));
  EXPECT_EQ(text_of(root / "memory/box/m/memory.limit_in_bytes"), "629145600");
  EXPECT_EQ(text_of(root / "memory/box/m/memory.soft_limit_in_bytes"), "536870912");
  EXPECT_EQ(text_of(root / "cpu/m/cpu.cfs_quota_us"), "50000");
  EXPECT_EQ(text_of(root / "cpu/m/cpu.cfs_period_us"), "100000");
  EXPECT_EQ(text_of(root / "cpu/m/cpu.shares"), "2048");
  EXPECT_EQ(text_of(root / "cpu/m/cgroup.procs"), "4711");
}

TEST(Cgroups, OfVersionTwoStandWhereTheControllerIsHandedOn) {
  const TemporaryFolder root;
  put_text(root / "cgroup.controllers", "cpu memory");
  put_text(root / "user/cgroup.subtree_control", "cpu memory");
  put_text(root / "user/session/cgroup.subtree_control", "");
  put_text(root / "self", "0::/user/session\n");
  const CgroupHost host(root.path(), root / "self");
  std::string missed;
  EXPECT_EQ(host.apply("m", kAll, 0, missed), std::vector<fs::path>{root / "user/m"});
  EXPECT_EQ(missed, "");
  EXPECT_EQ(text_of(root / "user/m/memory.max"), "629145600");
  EXPECT_EQ(text_of(root / "user/m/memory.high"), "536870912");
  EXPECT_EQ(text_of(root / "user/m/cpu.max"), "50000 100000");
  EXPECT_EQ(text_of(root / "user/m/cpu.weight"), "79");  // 1 + 2046 * 9999 / 262142
}

/// Where this host has version 2 mounted; empty: nowhere.
fs::path unified_mount() {
  std::ifstream in("/proc/self/mounts");
  for (std::string device, place, type, rest; in >> device >> place >> type && std::getline(in, rest);)
    if (type == "cgroup2") return place;
  return {};
}

TEST(Cgroups, OfVersionTwoOnThisHostItself) {
  const fs::path mount = unified_mount();
  if (mount.empty()) GTEST_SKIP() << "control groups of version 2 are not mounted here";
  const auto groups = [&] {
    std::set<fs::path> out;
    std::error_code ec;
    for (const auto& e :
         fs::recursive_directory_iterator(mount, fs::directory_options::skip_permission_denied, ec))
      if (e.is_directory()) out.insert(e.path());
    return out;
  };
  const auto before = groups();
  const CgroupHost host(mount);
  const std::string missed = host.refusal(kAll);
  EXPECT_EQ(groups(), before);
  if (!missed.empty()) {
    // A hybrid host keeps its controllers in version 1, and one without rights may not use them: each limit
    // is named.
    for (const char* file : {"memory.max", "memory.high", "cpu.max", "cpu.weight"})
      EXPECT_NE(missed.find(file), std::string::npos) << missed;
    GTEST_SKIP() << "its kernel files were not written to: " << missed;
  }
  Process p({.command = {"sh", "-c", "while :; do :; done"},
             .environment = {},
             .output = "/dev/null",
             .inherited = {},
             .folder = {}});
  std::string none;
  const auto made = host.apply("xedgesim-test-" + std::to_string(getpid()), kAll, p.pid(), none);
  EXPECT_EQ(none, "");
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(text_of(made[0] / "memory.max"), "629145600\n");
  EXPECT_EQ(text_of(made[0] / "memory.high"), "536870912\n");
  EXPECT_EQ(text_of(made[0] / "cpu.max"), "50000 100000\n");
  EXPECT_EQ(text_of(made[0] / "cpu.weight"), "79\n");
  EXPECT_EQ(text_of(made[0] / "cgroup.procs"), std::to_string(p.pid()) + "\n");
  // Half a processor for who wants a whole one: it is held up again and again.
  const auto held_up = [&] {
    std::istringstream in(text_of(made[0] / "cpu.stat"));
    for (std::string key; in >> key;)
      if (long long value = 0; in >> value && key == "nr_throttled") return value;
    return -1LL;
  };
  for (int i = 0; i < 200 && held_up() < 3; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_GE(held_up(), 3) << text_of(made[0] / "cpu.stat");
  remove_cgroups(made);
  EXPECT_EQ(groups(), before);
}

TEST(Cgroups, ThatAreNotThereAreNamed) {
  const TemporaryFolder root;
  put_text(root / "self", "0::/\n");
  const std::string missed = CgroupHost(root.path(), root / "self").refusal(kAll);
  EXPECT_NE(missed.find("memory.limit_in_bytes"), std::string::npos) << missed;
  EXPECT_NE(missed.find("cpu.shares"), std::string::npos) << missed;
  EXPECT_EQ(CgroupHost(root.path(), root / "self").refusal({}), "");
}

}  // namespace
}  // namespace xedgesim::vm
