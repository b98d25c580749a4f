#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vm/image/layer_archive.h"

namespace xedgesim::vm {

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
  /// All of it in one layer, a folder before what is in it; the names of one file become files of their own.
  std::vector<LayerEntry> entries() const;
  /// Makes all of it in a folder of the host, as who runs this; pipes are left out. Throws SimulationError.
  void write_to(const std::filesystem::path& folder) const;
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
