// Control groups, on trees that look like those of hosts with version 1 and version 2.
#include "vm/cgroup.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "temporary_folder.h"

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
