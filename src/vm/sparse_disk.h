#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/descriptor.h"

namespace xedgesim::vm {

/// The content of a disk, kept in memory where it was written; elsewhere it is that of a file, or zeros. So a
/// run never changes a file, and a disk of ten gigabytes costs what is in it.
class SparseDisk {
 public:
  /// An empty disk; the size is rounded up to whole sectors. Throws ConfigError for none at all.
  explicit SparseDisk(int64_t bytes);
  /// The content of a raw image, which must stay as it is while it is used. Throws ConfigError, naming it.
  explicit SparseDisk(const std::filesystem::path& file);

  static constexpr int64_t kSector = 512;
  int64_t sectors() const { return sectors_; }
  /// Both throw SimulationError behind the end. `data` is whole sectors.
  void read(int64_t sector, std::span<uint8_t> data) const;
  void write(int64_t sector, std::span<const uint8_t> data);
  /// Writes what is not zeros to a file of zeros, at its place. Throws SimulationError.
  void copy_to(int file) const;
  /// Memory taken by what was written.
  size_t bytes_written() const { return pages_.size() * kPage; }

 private:
  static constexpr size_t kPage = 16384;
  using Page = std::array<uint8_t, kPage>;
  /// Bytes of the file; zeros behind its end, or without one.
  void read_file(uint64_t at, std::span<uint8_t> out) const;

  int64_t sectors_ = 0;
  Descriptor file_;
  std::filesystem::path name_;
  std::map<uint64_t, std::unique_ptr<Page>> pages_;
};

}  // namespace xedgesim::vm
