#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vm/machine.h"

namespace xedgesim::vm {

/// A bootable image: a kernel and an initial RAM disk that is the whole file system.
struct Image {
  std::string name;
  Arch arch = Arch::x86_64;
  std::string content;  ///< key of what it was made from
  std::filesystem::path kernel, initrd;
};

/// The folder of built images: $XEDGESIM_IMAGES, else xedgesim/images in $XDG_CACHE_HOME or ~/.cache. Each
/// content has a folder of its own; a link named <name>-<arch> shows the newest.
class ImageStore {
 public:
  explicit ImageStore(std::filesystem::path folder = default_folder()) : folder_(std::move(folder)) {}
  static std::filesystem::path default_folder();

  std::optional<Image> find(const std::string& name, Arch arch) const;
  /// Throws ConfigError that says how to build it.
  Image get(const std::string& name, Arch arch) const;
  std::optional<Image> with_content(const std::string& name, Arch arch, const std::string& content) const;
  /// Makes `name` stand for this content.
  void select(const std::string& name, Arch arch, const std::string& content) const;

  /// Of all images that are there, for either processor.
  std::vector<std::string> names() const;

  std::filesystem::path content_folder(const std::string& name, Arch arch, const std::string& content) const;
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

}  // namespace xedgesim::vm
