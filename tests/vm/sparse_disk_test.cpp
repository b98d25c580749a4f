#include "vm/sparse_disk.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"
#include "temporary_folder.h"
#include "vm/memory_disk.h"

namespace xedgesim::vm {
namespace {

using Bytes = std::vector<uint8_t>;

std::string refusal(const std::filesystem::path& file) {
  try {
    SparseDisk disk(file);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

TEST(SparseDisk, AFileIsReadAndNeverWritten) {
  const TemporaryFolder folder;
  const auto file = folder / "disk.img";
  std::ofstream(file, std::ios::binary) << std::string(512, 'a') << std::string(39 * 512, 'b');
  SparseDisk disk(file);
  EXPECT_EQ(disk.sectors(), 40);
  Bytes data(1024);
  disk.read(0, data);
  EXPECT_EQ(data[511], 'a');
  EXPECT_EQ(data[512], 'b');
  disk.write(31, Bytes(1024, 'c'));  // across two pages, the second one shorter than a page
  disk.read(30, data);
  EXPECT_EQ(data[0], 'b');
  EXPECT_EQ(data[512], 'c');
  disk.read(32, data);
  EXPECT_EQ(data[0], 'c');
  EXPECT_EQ(data[512], 'b');
  std::ifstream in(file, std::ios::binary);
  const std::string after{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(after, std::string(512, 'a') + std::string(39 * 512, 'b'));
}

TEST(SparseDisk, ALargeEmptyDiskCostsNothing) {
  SparseDisk disk(int64_t{1} << 40);
  Bytes data(512, 1);
  disk.read((int64_t{1} << 31) - 1, data);
  EXPECT_EQ(data, Bytes(512, 0));
  EXPECT_EQ(disk.bytes_written(), 0u);
  EXPECT_THROW(disk.read(int64_t{1} << 31, data), SimulationError);
  EXPECT_THROW(disk.write(-1, data), SimulationError);
}

TEST(SparseDisk, RefusesWhatIsNoRawImage) {
  const TemporaryFolder folder;
  EXPECT_NE(refusal(folder / "none.img").find("cannot read the disk"), std::string::npos);
  EXPECT_NE(refusal(folder.path()).find("cannot read the disk"), std::string::npos);
  std::ofstream(folder / "odd.img") << std::string(700, 'x');
  EXPECT_NE(refusal(folder / "odd.img").find("700 bytes"), std::string::npos);
  std::ofstream(folder / "q.qcow2") << "QFI\xfb" << std::string(1020, '\0');
  EXPECT_NE(refusal(folder / "q.qcow2").find("qcow2"), std::string::npos);
  EXPECT_THROW(SparseDisk(0), ConfigError);
}

/// What the file holds there.
Bytes content(const MemoryDisk& disk, off_t at, size_t size) {
  Bytes out(size);
  EXPECT_EQ(pread(disk.file(), out.data(), size, at), static_cast<ssize_t>(size));
  return out;
}

TEST(MemoryDisk, HasTheContentOfTheOtherAndCostsWhatIsInIt) {
  const TemporaryFolder folder;
  const auto file = folder / "disk.img";
  std::ofstream(file, std::ios::binary) << std::string(512, 'a') << std::string(512, 'b');
  std::filesystem::resize_file(file, (int64_t{1} << 40) + 512);
  SparseDisk other(file);
  other.write(1, Bytes(512, 'c'));
  other.write(int64_t{1} << 31, Bytes(512, 'd'));
  const MemoryDisk disk(other);
  EXPECT_EQ(disk.bytes(), (int64_t{1} << 40) + MemoryDisk::kAlignment);
  EXPECT_EQ(content(disk, 0, 512), Bytes(512, 'a'));
  EXPECT_EQ(content(disk, 512, 512), Bytes(512, 'c'));
  EXPECT_EQ(content(disk, 1024, 512), Bytes(512, 0));
  EXPECT_EQ(content(disk, int64_t{1} << 40, 1024), [] {
    Bytes d(512, 'd');
    d.resize(1024);
    return d;
  }());
  struct stat status {};
  ASSERT_EQ(fstat(disk.file(), &status), 0);
  EXPECT_LT(status.st_blocks * 512, 1 << 20);
}

TEST(MemoryDisk, IsARoundNumberOfPages) {
  EXPECT_EQ(MemoryDisk(SparseDisk(MemoryDisk::kAlignment)).bytes(), MemoryDisk::kAlignment);
  EXPECT_EQ(MemoryDisk(SparseDisk(512)).bytes(), MemoryDisk::kAlignment);
}

}  // namespace
}  // namespace xedgesim::vm
