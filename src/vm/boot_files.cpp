#include "vm/boot_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/crc.hpp>
#include <cstring>
#include <fstream>
#include <vector>

#include "base/error.h"

namespace xedgesim::vm {
namespace {

constexpr size_t kSectorBytes = 512;

template <class T>
T little_endian(const uint8_t* p) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value |= static_cast<T>(p[i]) << (8 * i);
  return value;
}

}  // namespace

void write_initrd(const std::filesystem::path& file, const std::filesystem::path& base,
                  std::string_view settings) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  if (!base.empty()) {
    std::ifstream in(base, std::ios::binary);
    out << in.rdbuf();
    out << std::string(static_cast<size_t>((4 - out.tellp() % 4) % 4), '\0');
  }
  out << settings;
  out.close();
  if (!out) throw SimulationError(fmt::format("cannot write {}: is the disk full?", file.string()));
}

std::string_view uefi_package(Arch arch) { return arch == Arch::aarch64 ? "qemu-efi-aarch64" : "ovmf"; }

std::optional<UefiFirmware> find_uefi(Arch arch, const std::filesystem::path& share) {
  const UefiFirmware f = arch == Arch::aarch64
                             ? UefiFirmware{share / "AAVMF/AAVMF_CODE.fd", share / "AAVMF/AAVMF_VARS.fd"}
                             : UefiFirmware{share / "OVMF/OVMF_CODE_4M.fd", share / "OVMF/OVMF_VARS_4M.fd"};
  std::error_code ec;
  if (!std::filesystem::is_regular_file(f.code, ec) || !std::filesystem::is_regular_file(f.variables, ec))
    return std::nullopt;
  return f;
}

void copy_sparse(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::ifstream in(from, std::ios::binary);
  std::ofstream out(to, std::ios::binary | std::ios::trunc);
  std::vector<char> piece(size_t{64} << 10);
  off_t size = 0;
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())), in.gcount() > 0) {
    const auto end = piece.begin() + in.gcount();
    if (std::any_of(piece.begin(), end, [](char c) { return c != 0; }))
      out.seekp(size).write(piece.data(), in.gcount());
    size += in.gcount();
  }
  out.close();
  if (!in.eof() || !out || truncate(to.c_str(), size) != 0)
    throw SimulationError(fmt::format("cannot copy {} to {}: is the disk full?", from.string(), to.string()));
}

void check_disk_image(const std::filesystem::path& file) {
  const auto refuse = [&](const std::string& why) {
    throw ConfigError(fmt::format("the disk image {} {}", file.string(), why));
  };
  std::array<uint8_t, 2 * kSectorBytes> head{};
  std::ifstream in(file, std::ios::binary);
  in.read(reinterpret_cast<char*>(head.data()), head.size());
  if (in.gcount() < static_cast<std::streamsize>(head.size()))
    refuse(fmt::format("is too small to boot from: it has {} bytes", in.gcount()));
  if (head[510] != 0x55 || head[511] != 0xaa)
    refuse("holds nothing that can be booted: it has neither a partition table nor a boot sector");
  uint8_t* const gpt = head.data() + kSectorBytes;
  constexpr uint8_t kProtective = 0xee;
  const bool promised = head[446 + 4] == kProtective;
  if (std::memcmp(gpt, "EFI PART", 8) != 0) {
    if (promised) refuse("is corrupt: its partition table (GPT) is gone; make it anew");
    return;
  }
  const auto length = little_endian<uint32_t>(gpt + 12), sum = little_endian<uint32_t>(gpt + 16);
  std::fill_n(gpt + 16, 4, uint8_t{0});
  boost::crc_32_type crc;
  crc.process_bytes(gpt, std::min<size_t>(length, kSectorBytes));
  if (length < 92 || length > kSectorBytes || crc.checksum() != sum)
    refuse("is corrupt: the checksum of its partition table (GPT) is wrong; make it anew");
  std::error_code ec;
  const uint64_t sectors = std::filesystem::file_size(file, ec) / kSectorBytes;
  const auto last = std::max(little_endian<uint64_t>(gpt + 32), little_endian<uint64_t>(gpt + 48));
  if (last >= sectors)
    refuse(fmt::format("is cut off: its partition table speaks of {} sectors and more, the file has {}",
                       last + 1, sectors));
}

}  // namespace xedgesim::vm
