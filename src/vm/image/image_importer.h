#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/image/container_image.h"
#include "vm/image/image_store.h"

namespace xedgesim::vm {

/// Makes a container image, or a root file system, bootable: kernel, modules, init and agent of the image
/// `base`, with the imported root in /container, where its program is started with the environment, folder
/// and user of the image's config. Nothing of it is run here. The same input gives the same bytes.
///
/// Limits: file capabilities and other extended attributes are left out; it takes memory of several times the
/// image here, and of the whole image in the machine.
class ImageImporter {
 public:
  struct Config {
    ImageStore store;
    std::function<void(std::string_view)> log{};  ///< a line for a person; may be empty
  };
  struct Source {
    std::filesystem::path path{};  ///< archive of an image or a root file system, OCI layout, or root folder
    std::string name{};            ///< of the new image; empty: from the source's own
    Arch arch = Arch::x86_64;
    std::vector<std::string> command{};  ///< instead of entrypoint and cmd
  };
  explicit ImageImporter(Config config) : config_(std::move(config)) {}

  /// The image, made unless one of the same content is there. Throws ConfigError, SimulationError.
  Image import(const Source& source);

 private:
  ContainerImage read(const Source& source) const;

  Config config_;
};

/// The files that start the program of a container image, as they lie in a machine beside the image's own.
/// Throws ConfigError for a program or user that the image does not have.
void add_container_start(FileTree& tree, const ContainerImage& image, const std::vector<std::string>& command,
                         const std::string& what);

/// "library/web:1.2" -> "web"; nothing of it that is no letter, digit, '-', '_' or '.'.
std::string image_name_of(const std::string& reference);

}  // namespace xedgesim::vm
