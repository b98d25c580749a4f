#include "vm/vt_machine.h"

#include <gtest/gtest.h>

#include <fstream>
#include <span>

#include "base/error.h"
#include "raw_kernels.h"
#include "temporary_folder.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

const fs::path kPlugin = fs::path(XEDGESIM_BINARY_DIR) / "xedgesim-vt.so";

/// A raw program on QEMU's virt board.
class Snapshots : public ::testing::Test {
 protected:
  void SetUp() override {
    const QemuProbe probe = probe_virtual_time(Arch::aarch64, kPlugin);
    if (!probe.qemu) GTEST_SKIP() << probe.reason;
    config.qemu = *probe.qemu;
    config.plugin = kPlugin;
    config.folder = folder / "vm";
    config.machine = {.name = "raw", .arch = Arch::aarch64, .macs = {"52:54:00:00:00:01"}};
  }
  void use(std::span<const uint32_t> program) {
    config.machine.kernel = folder / "program";
    std::ofstream(config.machine.kernel, std::ios::binary)
        .write(reinterpret_cast<const char*>(program.data()),
               static_cast<std::streamsize>(program.size_bytes()));
  }
  TemporaryFolder folder;
  SnapshotStore store{folder / "snapshots"};
  VtMachine::Config config;
  std::vector<VtChannel::Record> sent;
};

TEST_F(Snapshots, AMachineGoesOnAfterEachAsIfThereHadBeenNone) {
  for (const auto program : {std::span<const uint32_t>(kNapper), std::span<const uint32_t>(kPrinter)}) {
    use(program);
    std::vector<int64_t> counts[2];
    for (const bool keeping : {false, true}) {
      VtMachine m(config);
      m.meet(sent);
      for (int64_t t = 1'000'003; t < 50'000'000; t += 1'000'003) {
        counts[keeping].push_back(m.go({t}, {}, sent).instructions);
        if (keeping) m.keep(store, "key", {.reached = t});
      }
    }
    EXPECT_EQ(counts[0], counts[1]);
  }
}

}  // namespace
}  // namespace xedgesim::vm
