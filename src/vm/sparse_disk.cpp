#include "vm/sparse_disk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/error.h"

namespace xedgesim::vm {

constexpr size_t kCopied = size_t{1} << 20;  // bytes at once

SparseDisk::SparseDisk(int64_t bytes) : sectors_((bytes + kSector - 1) / kSector) {
  if (bytes <= 0) throw ConfigError("a disk needs a size above zero");
}

SparseDisk::SparseDisk(const std::filesystem::path& file)
    : file_(open(file.c_str(), O_RDONLY | O_CLOEXEC)), name_(file) {
  struct stat status {};
  if (file_.get() < 0 || fstat(file_.get(), &status) != 0 || !S_ISREG(status.st_mode))
    throw ConfigError(fmt::format("cannot read the disk {}", file.string()));
  if (status.st_size < kSector || status.st_size % kSector != 0)
    throw ConfigError(
        fmt::format("the disk {} has {} bytes, which is not a number of sectors of {}: give a raw image",
                    file.string(), status.st_size, kSector));
  char magic[4] = {};
  if (pread(file_.get(), magic, sizeof magic, 0) == 4 && std::memcmp(magic, "QFI\xfb", 4) == 0)
    throw ConfigError(
        fmt::format("the disk {} is in qcow2 format: convert it (qemu-img convert -O raw)", file.string()));
  sectors_ = status.st_size / kSector;
}

void SparseDisk::read_file(uint64_t at, std::span<uint8_t> out) const {
  while (file_.get() >= 0 && !out.empty()) {
    const ssize_t n = pread(file_.get(), out.data(), out.size(), static_cast<off_t>(at));
    if (n < 0) throw SimulationError(fmt::format("cannot read the disk {}", name_.string()));
    if (n == 0) break;
    out = out.subspan(static_cast<size_t>(n));
    at += static_cast<uint64_t>(n);
  }
  std::fill(out.begin(), out.end(), uint8_t{0});
}

void SparseDisk::read(int64_t sector, std::span<uint8_t> data) const {
  auto at = static_cast<uint64_t>(sector * kSector);
  if (sector < 0 || sector + static_cast<int64_t>(data.size()) / kSector > sectors_)
    throw SimulationError("a disk was read behind its end");
  while (!data.empty()) {
    const size_t offset = at % kPage, n = std::min(data.size(), kPage - offset);
    if (const auto page = pages_.find(at / kPage); page != pages_.end())
      std::memcpy(data.data(), page->second->data() + offset, n);
    else
      read_file(at, data.first(n));
    data = data.subspan(n);
    at += n;
  }
}

void SparseDisk::write(int64_t sector, std::span<const uint8_t> data) {
  auto at = static_cast<uint64_t>(sector * kSector);
  if (sector < 0 || sector + static_cast<int64_t>(data.size()) / kSector > sectors_)
    throw SimulationError("a disk was written behind its end");
  while (!data.empty()) {
    const size_t offset = at % kPage, n = std::min(data.size(), kPage - offset);
    auto& page = pages_[at / kPage];
    if (!page) {
      page = std::make_unique<Page>();
      read_file(at - offset, *page);
    }
    std::memcpy(page->data() + offset, data.data(), n);
    data = data.subspan(n);
    at += n;
  }
}

void SparseDisk::copy_to(int file) const {
  const auto put = [&](std::span<const uint8_t> data, uint64_t at) {
    while (!data.empty()) {
      const ssize_t n = pwrite(file, data.data(), data.size(), static_cast<off_t>(at));
      if (n <= 0) throw SimulationError(fmt::format("cannot copy the disk: {}", std::strerror(errno)));
      data = data.subspan(static_cast<size_t>(n));
      at += static_cast<uint64_t>(n);
    }
  };
  const off_t end = sectors_ * kSector;
  std::vector<uint8_t> piece(kCopied);
  off_t hole = 0;
  while (file_.get() >= 0) {
    const off_t data = lseek(file_.get(), hole, SEEK_DATA);
    if (data < 0 || data >= end) break;
    hole = std::min(lseek(file_.get(), data, SEEK_HOLE), end);
    for (off_t at = data; at < hole; at += static_cast<off_t>(kCopied)) {
      const auto part = std::span(piece).first(std::min(kCopied, static_cast<size_t>(hole - at)));
      read_file(static_cast<uint64_t>(at), part);
      put(part, static_cast<uint64_t>(at));
    }
  }
  for (const auto& [index, page] : pages_) {
    const auto at = index * kPage;
    put(std::span(*page).first(std::min(kPage, static_cast<size_t>(end) - at)), at);
  }
}

}  // namespace xedgesim::vm
