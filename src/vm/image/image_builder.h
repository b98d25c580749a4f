#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/image/debian_packages.h"
#include "vm/image/image_store.h"
#include "vm/image/recipe.h"

namespace xedgesim::vm {

/// Makes images from Debian packages of the recipe's suite, for either processor and without privileges: APT
/// fetches them, dpkg-deb unpacks them, the rest is ours. Nothing of the packages is run. The same packages
/// and recipe give the same bytes.
class ImageBuilder {
 public:
  struct Config {
    std::filesystem::path recipes;   ///< folder with a folder a recipe
    std::filesystem::path programs;  ///< of this build, for `program` lines: the host's here, others in a
                                     ///< folder of their processor's name
    ImageStore store;
    std::function<void(std::string_view)> log;  ///< a line for a person; may be empty
  };
  explicit ImageBuilder(Config config) : config_(std::move(config)) {}

  /// The image, built unless one of the same content is there; `suite` takes the place of the recipe's.
  /// Throws ConfigError, SimulationError.
  Image build(const std::string& name, Arch arch, const std::string& suite = {});

 private:
  void unpack(const Recipe& recipe, const DebianPackages& packages, const std::vector<std::string>& files,
              const std::filesystem::path& root) const;
  void write(const Recipe& recipe, const std::vector<std::filesystem::path>& programs,
             const std::filesystem::path& root, const std::filesystem::path& folder) const;
  std::filesystem::path program(const Recipe& recipe, const std::string& name, Arch arch) const;
  void say(const std::string& text) const {
    if (config_.log) config_.log(text);
  }

  Config config_;
};

}  // namespace xedgesim::vm
