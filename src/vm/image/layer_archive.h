#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "vm/image/cpio.h"

namespace xedgesim::vm {

/// One entry of a layer. Paths have no leading slash and no "." or ".." in them.
struct LayerEntry {
  std::string path{};
  FileTree::Inode inode{};
  std::string hard_link{};  ///< path of the file this is another name of
};

/// The entries of a tar archive (ustar, pax or GNU), in its order. `what` names it in errors. Throws
/// ConfigError for what is damaged, larger than kMostLayer, or has in it what no image may bring: paths with
/// "..", links that lead out of the root, devices outside dev/ (what is in dev/ is left out).
std::vector<LayerEntry> read_layer(std::string_view tar, const std::string& what);

/// The same of a folder of the host. Sockets are left out.
std::vector<LayerEntry> read_folder(const std::filesystem::path& folder);

constexpr int64_t kMostLayer = int64_t{2} << 30;  ///< bytes unpacked
constexpr size_t kMostEntries = 1'000'000;

/// The same of an archive in a file, which may be packed by gzip, zstd, xz or bzip2.
std::vector<LayerEntry> read_archive(const std::filesystem::path& file, const std::string& what);

/// The same of an initial RAM disk of ours: one cpio archive ("newc").
std::vector<LayerEntry> read_initrd(const std::filesystem::path& file);

/// The entries as a tar archive (pax), as old as 1970 and owned by root; the same entries give the same
/// bytes. Throws ConfigError, SimulationError.
std::string write_layer(const std::vector<LayerEntry>& entries);

/// Bytes, unpacked if they are of gzip, zstd, xz or bzip2. Throws ConfigError.
std::string unpacked(std::string_view bytes, const std::string& what);

/// Why this build cannot read archives; empty where it can.
std::string archives_missing();

}  // namespace xedgesim::vm
