#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace xedgesim::vm {

/// What an image is made of: images/<name>/recipe, and the tree images/<name>/root that is laid over it. One
/// thing a line, `#` begins a comment:
///   include NAME        all of another recipe first
///   suite NAME          the release of Debian the packages are of; absent: bookworm, on every host
///   package NAME        a Debian package with what it depends on; @ARCH@ stands for Debian's name of the
///                        processor
///   kernel NAME          the package of the kernel
///   module NAME          a module of the kernel, loaded at boot, in this order
///   spare-module NAME    one that is loaded only where something needs it (disks in virtual time)
///   leave NAME           a package that is not unpacked although something depends on it; globs
///   drop PATH            a file or folder that is left out; globs
///   program NAME         a program of this build, as /usr/local/bin/NAME
struct Recipe {
  std::string name;
  std::vector<std::string> packages, modules, spare_modules, leave, drop, programs;
  std::string suite = "bookworm", kernel;
  std::vector<std::filesystem::path> roots;
  std::string text;  ///< of all recipe files, for the content key

  /// Throws ConfigError that names file and line, or lists the recipes there are.
  static Recipe load(const std::filesystem::path& folder, const std::string& name);
};

}  // namespace xedgesim::vm
