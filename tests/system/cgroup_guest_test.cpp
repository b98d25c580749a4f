// Control groups of version 2 as a kernel keeps them: a machine in virtual time is the host that has them,
// whatever this one has. The test it runs is test_vm's, with this host's libraries.
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "machine_run.h"

namespace xedgesim::testing {
namespace {

namespace fs = std::filesystem;

/// The program and what it is linked with, by their paths in the machine.
std::map<std::string, fs::path> with_libraries(const fs::path& program, const TemporaryFolder& folder) {
  const fs::path list = folder / "ldd";
  if (std::system(("ldd '" + program.string() + "' >'" + list.string() + "'").c_str()) != 0) return {};
  std::map<std::string, fs::path> files{{"/t/test", program}};
  std::istringstream in(read_file(list));
  for (std::string word; in >> word;)
    if (word.starts_with('/')) files["/t/lib/" + fs::path(word).filename().string()] = word;
  return files;
}

TEST(CgroupsOfVersionTwo, HoldWhereAKernelHasThem) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's memory does not fit into the machine";
#endif
  constexpr vm::Arch kArch = vm::Arch::x86_64;
  if (vm::host_arch() != kArch) GTEST_SKIP() << "the machine's programs are those of this host, an x86-64";
  if (const std::string why = missing(kArch); !why.empty()) GTEST_SKIP() << why;
  const TemporaryFolder folder;
  const auto files = with_libraries(XEDGESIM_BINARY_DIR "/test_vm", folder);
  ASSERT_TRUE(files.contains("/t/lib/ld-linux-x86-64.so.2"));
  std::string scenario =
      "scenario: {name: cgroups, duration: 40s}\nnodes:\n"
      "  - id: host\n    type: vm\n    arch: x86_64\n    memory: 512MiB\n    image: base\n    ip: 10.0.0.1\n"
      "    commands:\n"
      "      - mount -t cgroup2 none /sys/fs/cgroup\n"
      "      - echo +cpu +memory > /sys/fs/cgroup/cgroup.subtree_control\n"
      "      - /t/lib/ld-linux-x86-64.so.2 --library-path /t/lib /t/test "
      "--gtest_filter=Cgroups.OfVersionTwoOnThisHostItself\n"
      "      - poweroff -f\n"
      "    files:\n";
  for (const auto& [inside, file] : files) scenario += "      " + inside + ": " + file.string() + "\n";
  scenario +=
      "  - {id: other, type: model, ip: 10.0.0.2}\n"
      "links: [{endpoints: [\"host:eth0\", \"other:eth0\"], latency: 1ms}]\n"
      "validation: {assertions: [{expect_line: \"PASSED.* 1 test\", node: host}]}\n";
  const MachineRun run(scenario);
  EXPECT_EQ(run.result.exit_code, 0) << run.result.out << run.result.err << run.console("host");
  EXPECT_EQ(run.console("host").find("SKIPPED"), std::string::npos) << run.console("host");
}

}  // namespace
}  // namespace xedgesim::testing
