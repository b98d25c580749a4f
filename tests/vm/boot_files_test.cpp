// What a machine boots from: the initial RAM disk with its settings, the firmware's files, disk images.
#include "vm/boot_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/error.h"
#include "boot_disk.h"
#include "temporary_folder.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(BootFiles, SettingsStandBehindTheImageAtAMultipleOfFour) {
  const TemporaryFolder folder;
  std::ofstream(folder / "image") << "12345";
  write_initrd(folder / "out", folder / "image", "settings");
  EXPECT_EQ(text_of(folder / "out"), std::string("12345\0\0\0settings", 16));
  write_initrd(folder / "out", "", "alone");
  EXPECT_EQ(text_of(folder / "out"), "alone");
  EXPECT_THROW(write_initrd(folder / "no/such/folder", "", "x"), SimulationError);
}

TEST(BootFiles, ACopyOfAFlashTakesRoomForWhatIsInItOnly) {
  const TemporaryFolder folder;
  std::string flash(3'000'001, '\0');
  flash.replace(70'000, 3, "abc");
  std::ofstream(folder / "flash", std::ios::binary) << flash;
  std::ofstream(folder / "copy") << std::string(5'000'000, 'x');
  copy_sparse(folder / "flash", folder / "copy");
  EXPECT_EQ(text_of(folder / "copy"), flash);
  struct stat s {};
  ASSERT_EQ(stat((folder / "copy").c_str(), &s), 0);
  EXPECT_LE(s.st_blocks * 512, 1 << 20);
  EXPECT_THROW(copy_sparse(folder / "nothing", folder / "copy"), SimulationError);
}

TEST(BootFiles, FirmwareIsFoundWhenBothItsFilesAreThere) {
  const TemporaryFolder share;
  for (const char* name : {"AAVMF", "OVMF"}) fs::create_directory(share / name);
  EXPECT_FALSE(find_uefi(Arch::aarch64, share.path()));
  std::ofstream(share / "AAVMF/AAVMF_CODE.fd") << "c";
  EXPECT_FALSE(find_uefi(Arch::aarch64, share.path()));
  std::ofstream(share / "AAVMF/AAVMF_VARS.fd") << "v";
  ASSERT_TRUE(find_uefi(Arch::aarch64, share.path()));
  EXPECT_FALSE(find_uefi(Arch::x86_64, share.path()));
  EXPECT_EQ(uefi_package(Arch::x86_64), "ovmf");
}

TEST(BootFiles, AnImageThatIsWholeIsTaken) {
  const TemporaryFolder folder;
  const testing::PartitionTable table(8192);
  std::ofstream(folder / "disk", std::ios::binary)
      << table.front << std::string((8192 - 34 - 33) * 512, '\0') << table.back;
  EXPECT_NO_THROW(check_disk_image(folder / "disk"));
  fs::resize_file(folder / "disk", 8191 * 512);
  EXPECT_THROW(check_disk_image(folder / "disk"), ConfigError);
}

}  // namespace
}  // namespace xedgesim::vm
