#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
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

/// Bytes, unpacked if they are of gzip, zstd, xz or bzip2. Throws ConfigError.
std::string unpacked(std::string_view bytes, const std::string& what);

/// Why this build cannot read archives; empty where it can.
std::string archives_missing();

/// A root file system that grows by layers (OCI image specification, "Applying Changesets").
class RootTree {
 public:
  /// Whiteouts first: ".wh.NAME" takes away NAME of the layers below, ".wh..wh..opq" all its folder had
  /// there. Throws ConfigError for links that lead nowhere.
  void apply(std::vector<LayerEntry> layer, const std::string& what);

  /// The path a name in this root stands for, links followed inside the root; nothing when there is none.
  std::optional<std::string> resolve(const std::string& path) const;
  /// Contents of a file; null for anything else.
  const std::string* text(const std::string& path) const;
  bool runnable(const std::string& path) const;

  size_t size() const { return inodes_.size(); }
  int64_t bytes() const;  ///< of all files, each once
  /// Puts all of it below `folder` of a file tree.
  void add_to(FileTree& tree, const std::string& folder) const;

 private:
  using Shared = std::shared_ptr<FileTree::Inode>;
  void remove(const std::string& path, bool itself);
  void add(const std::string& path, Shared inode);
  std::string place(const std::string& path, const std::string& what) const;

  std::map<std::string, Shared> inodes_;
};

}  // namespace xedgesim::vm
