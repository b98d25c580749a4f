// A disk image that UEFI boots: a GPT with one EFI system partition, and files in its FAT file system.
#pragma once
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace xedgesim::testing {

inline uint32_t gpt_checksum(const std::string& bytes) {
  uint32_t crc = ~0u;
  for (const char c : bytes) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
  }
  return ~crc;
}

inline std::string little_endian(uint64_t value, size_t bytes) {
  std::string out;
  for (size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

/// The sectors before the first partition (0 to 33) and behind the last (33 of them), by UEFI 2.10, clause 5.
struct PartitionTable {
  static constexpr uint64_t kFirst = 2048;
  explicit PartitionTable(uint64_t sectors) {
    const std::string type("\x28\x73\x2a\xc1\x1f\xf8\xd2\x11\xba\x4b\0\xa0\xc9\x3e\xc9\x3b", 16);
    std::string entries = type + std::string(16, '\1') + little_endian(kFirst, 8) +
                          little_endian(sectors - kFirst, 8);  // EFI system partition
    entries.resize(128 * 128);
    const auto head = [&](uint64_t self, uint64_t other, uint64_t table) {
      std::string h = "EFI PART" + little_endian(0x10000, 4) + little_endian(92, 4) + little_endian(0, 8) +
                      little_endian(self, 8) + little_endian(other, 8) + little_endian(34, 8) +
                      little_endian(sectors - 34, 8) + std::string(16, '\2') + little_endian(table, 8) +
                      little_endian(128, 4) + little_endian(128, 4) + little_endian(gpt_checksum(entries), 4);
      h.replace(16, 4, little_endian(gpt_checksum(h), 4));
      h.resize(512);
      return h;
    };
    std::string protective(512, '\0');
    protective.replace(
        446, 16,
        std::string("\0\0\2\0\xee\xff\xff\xff", 8) + little_endian(1, 4) + little_endian(sectors - 1, 4));
    protective.replace(510, 2, "\x55\xaa");
    front = protective + head(1, sectors - 1, 2) + entries;
    back = entries + head(sectors - 1, 1, sectors - 33);
  }
  std::string front, back;
};

/// What making one needs and is not here; empty when all is.
inline std::string missing_for_boot_disk() {
  for (const char* program : {"/sbin/mkfs.fat", "/usr/bin/mcopy"})
    if (!std::filesystem::exists(program))
      return std::string("needs dosfstools and mtools (scripts/setup --with tests): there is no ") + program;
  return {};
}

struct BootFile {
  std::string name;  ///< in the partition, with folders: EFI/BOOT/BOOTAA64.EFI
  std::filesystem::path contents;
};

/// Makes the image; false when a program failed. Each BootFile's folders are made.
inline bool make_boot_disk(const std::filesystem::path& image, uint64_t mebibytes,
                           const std::vector<BootFile>& files) {
  constexpr uint64_t kSectors = 2048;  // of a mebibyte
  const std::filesystem::path fat = image.string() + ".fat";
  std::ofstream(fat).close();
  std::filesystem::resize_file(fat, (mebibytes - 2) << 20);
  const auto run = [](const std::string& command) {
    return std::system((command + " >/dev/null").c_str()) == 0;
  };
  bool good = run("/sbin/mkfs.fat -F 32 '" + fat.string() + "'");
  for (const BootFile& f : files) {
    for (size_t slash = f.name.find('/'); slash != std::string::npos; slash = f.name.find('/', slash + 1))
      run("mmd -D s -i '" + fat.string() + "' '::" + f.name.substr(0, slash) + "' 2>/dev/null");
    good = good && run("mcopy -i '" + fat.string() + "' '" + f.contents.string() + "' '::" + f.name + "'");
  }
  const PartitionTable table(mebibytes * kSectors);
  std::ofstream out(image, std::ios::binary);
  out << table.front;
  out.seekp(PartitionTable::kFirst * 512);
  out << std::ifstream(fat, std::ios::binary).rdbuf();
  out.seekp(static_cast<std::streamoff>((mebibytes * kSectors - 33) * 512));
  out << table.back;
  out.close();
  std::filesystem::remove(fat);
  return good && out.good();
}

}  // namespace xedgesim::testing
