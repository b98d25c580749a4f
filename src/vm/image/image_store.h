#pragma once
#include <cstdint>
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

  /// What takes room and no present version looks at.
  struct Unused {
    std::filesystem::path path;
    int64_t bytes = 0;
    std::string what;
  };
  /// Packages fetched by versions that kept one release of Debian, builds that another one took the place of,
  /// and what was begun a day ago and never finished; by name. Nothing else that lies in the folder.
  std::vector<Unused> unused() const;
  /// Removes those. Throws SimulationError, naming what cannot be removed.
  void remove(const std::vector<Unused>& unused) const;

  std::filesystem::path content_folder(const std::string& name, Arch arch, const std::string& content) const;
  const std::filesystem::path& folder() const { return folder_; }

 private:
  /// Empty: it is in use, or not ours.
  std::string why_unused(const std::filesystem::path& folder) const;

  std::filesystem::path folder_;
};

}  // namespace xedgesim::vm
