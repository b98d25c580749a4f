// Disk images booted by firmware on the wall clock, through the program: by UEFI of both processors to a
// shell and a kernel, and those that hold nothing to boot. Skipped, with the reason, without QEMU, image,
// firmware or the programs that make a FAT file system.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "boot_disk.h"
#include "up_fixture.h"
#include "vm/boot_files.h"
#include "vm/image/image_store.h"
#include "vm/qemu_probe.h"

namespace xedgesim::testing {
namespace {

namespace fs = std::filesystem;

class DiskImages : public UpTest, public ::testing::WithParamInterface<vm::Arch> {
 protected:
  void SetUp() override {
    if (const auto probe = vm::probe_qemu(arch()); !probe.qemu) GTEST_SKIP() << probe.reason;
    if (!vm::find_uefi(arch()))
      GTEST_SKIP() << "UEFI is not installed: scripts/setup --with qemu (" << vm::uefi_package(arch()) << ")";
    if (!vm::ImageStore().find("base", arch()))
      GTEST_SKIP() << "there is no image 'base': xedgesim image build base --arch all";
    if (const std::string why = missing_for_boot_disk(); !why.empty()) GTEST_SKIP() << why;
  }
  static vm::Arch arch() { return GetParam(); }
  std::string disk(const std::vector<BootFile>& files) {
    EXPECT_TRUE(make_boot_disk(folder_ / "disk.img", 80, files));
    return "  - {id: left, type: vm, arch: " + std::string(to_string(arch())) +
           ", memory: 384MiB, image: ./disk.img, ip: 10.7.0.1" +
           (arch() == vm::Arch::x86_64 ? ", firmware: uefi}\n" : "}\n") +
           "  - {id: right, type: model, ip: 10.7.0.2}\n";
  }
  std::string console() { return read_file(folder_ / "state/lab/consoles/left.log"); }
  /// For at most two minutes.
  bool printed(const std::string& text) {
    for (int i = 0; i < 1200 && console().find(text) == std::string::npos; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return console().find(text) != std::string::npos;
  }
};

TEST_P(DiskImages, AreBootedByUefiToOurInitWithVariablesOfTheirOwn) {
  const auto image = vm::ImageStore().get("base", arch());
  std::ofstream(folder_ / "startup.nsh")
      << "\\EFI\\linux.efi initrd=\\initrd console=" << console_device(arch())
      << " panic=-1 quiet cryptomgr.notests\r\n";
  const std::string nodes = disk(
      {{"EFI/linux.efi", image.kernel}, {"initrd", image.initrd}, {"startup.nsh", folder_ / "startup.nsh"}});
  const std::string before = read_file(folder_ / "disk.img").substr(0, 1 << 20);
  ASSERT_EQ(run_program({"up", "-d", "--wait", "0", write(nodes)}).exit_code, 0);
  const fs::path own = folder_ / "state/lab/vm/left.nvram";
  EXPECT_EQ(fs::file_size(own), fs::file_size(vm::find_uefi(arch())->variables));
  EXPECT_TRUE(printed("xedgesim: (none) is up")) << console();
  // Our agent is in it, so that commands work as in a machine with a kernel of its own.
  EXPECT_EQ(wait_for("left", "up").value("firmware", ""), "uefi");
  EXPECT_EQ(
      run_program({"exec", "left", "--", "sh", "-c", "test -b /dev/vda1 && ls -d /sys/firmware/efi"}).out,
      "/sys/firmware/efi\n");
  EXPECT_EQ(run_program({"down"}).exit_code, 0);
  EXPECT_TRUE(nothing_left());
  EXPECT_EQ(read_file(folder_ / "disk.img").substr(0, 1 << 20), before);
}

TEST_P(DiskImages, TheLoaderOfRemovableMediaIsStartedFirst) {
  // A kernel is a program for UEFI, too; without a command line it is of no further use.
  const auto image = vm::ImageStore().get("base", arch());
  const std::string nodes =
      disk({{arch() == vm::Arch::aarch64 ? "EFI/BOOT/BOOTAA64.EFI" : "EFI/BOOT/BOOTX64.EFI", image.kernel}});
  ASSERT_EQ(run_program({"up", "-d", "--wait", "0", write(nodes)}).exit_code, 0);
  EXPECT_TRUE(printed("BdsDxe: starting Boot0001")) << console();
  if (arch() == vm::Arch::aarch64) {
    EXPECT_TRUE(printed("EFI stub: Booting Linux Kernel")) << console();
  }
  EXPECT_EQ(console().find("failed to load"), std::string::npos) << console();
  EXPECT_EQ(console().find("Interactive Shell"), std::string::npos) << console();
}

TEST_P(DiskImages, ADiskWithoutAnyFileSystemIsACrashWithTheFirmwaresWords) {
  disk({});
  {
    std::fstream image(folder_ / "disk.img", std::ios::binary | std::ios::in | std::ios::out);
    image.seekp(PartitionTable::kFirst * 512);
    image << std::string(1 << 20, '\0');
  }
  const std::string nodes = "  - {id: left, type: vm, arch: " + std::string(to_string(arch())) +
                            ", memory: 384MiB, image: ./disk.img, ip: 10.7.0.1, firmware: uefi}\n"
                            "  - {id: right, type: model, ip: 10.7.0.2}\n";
  ASSERT_EQ(run_program({"up", "-d", "--wait", "0", write(nodes)}).exit_code, 0);
  const std::string reason = wait_for("left", "crashed").value("reason", "");
  EXPECT_NE(reason.find("machine 'left': the firmware found nothing to boot on its disk image"),
            std::string::npos)
      << reason;
  EXPECT_NE(reason.find("the console's last lines:"), std::string::npos) << reason;
  EXPECT_EQ(reason.find('\x1b'), std::string::npos) << reason;
}

INSTANTIATE_TEST_SUITE_P(Arch, DiskImages, ::testing::Values(vm::Arch::x86_64, vm::Arch::aarch64),
                         [](const auto& i) { return std::string(to_string(i.param)); });

TEST_F(UpTest, ABiosThatFindsNothingIsACrash) {
  if (const auto probe = vm::probe_qemu(vm::Arch::x86_64); !probe.qemu) GTEST_SKIP() << probe.reason;
  // A disk of the kind that has a boot sector's mark and no partition that can be started.
  std::string sector(512, '\0');
  sector.replace(0, 2, "\xcd\x18");  // int 18h: "there is nothing to boot here"
  sector.replace(510, 2, "\x55\xaa");
  std::ofstream(folder_ / "disk.img", std::ios::binary) << sector << std::string(1 << 20, '\0');
  ASSERT_EQ(run_program({"up", "-d", "--wait", "0",
                         write("  - {id: left, type: vm, memory: 64MiB, image: ./disk.img, ip: 10.7.0.1}\n"
                               "  - {id: right, type: model, ip: 10.7.0.2}\n")})
                .exit_code,
            0);
  const std::string reason = wait_for("left", "crashed").value("reason", "");
  EXPECT_NE(reason.find("found nothing to boot"), std::string::npos) << reason;
}

TEST_F(UpTest, DiskImagesThatCannotBeAreRefusedAtTheStart) {
  const auto refusal = [&](const std::string& bytes, const std::string& more = {}) {
    std::ofstream(folder_ / "disk.img", std::ios::binary) << bytes;
    const ProgramResult r =
        run_program({"up", write("  - {id: left, type: vm, image: ./disk.img, ip: 10.7.0.1" + more +
                                 "}\n  - {id: right, type: model, ip: 10.7.0.2}\n")});
    EXPECT_EQ(r.exit_code, 3) << r.out << r.err;
    EXPECT_TRUE(nothing_left());
    return r.err;
  };
  const auto has = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  const PartitionTable table(40960);
  const std::string whole = table.front + std::string((40960 - 34 - 33) * 512, '\0') + table.back;
  has(refusal("x"), "is too small to boot from: it has 1 bytes");
  has(refusal(std::string(4096, '\0')), "neither a partition table nor a boot sector");
  has(refusal(whole.substr(0, 1 << 20)), "is cut off: its partition table speaks of 40960 sectors");
  std::string damaged = whole;
  damaged[512 + 48] ^= 1;
  has(refusal(damaged), "the checksum of its partition table (GPT) is wrong");
  has(refusal(whole.substr(0, 512) + std::string(4096, '\0')), "its partition table (GPT) is gone");
  has(refusal(whole, ", arch: aarch64, firmware: bios"), "ARM64 machines have no BIOS");
  has(refusal(whole, ", firmware: coreboot"), "bios");
  std::ofstream(folder_ / "kernel") << "k";
  const ProgramResult needless =
      run_program({"up", write("  - {id: left, type: vm, kernel: kernel, firmware: uefi, ip: 10.7.0.1}\n"
                               "  - {id: right, type: model, ip: 10.7.0.2}\n")});
  has(needless.err, "`firmware` starts a disk image, and there is none");
}

}  // namespace
}  // namespace xedgesim::testing
