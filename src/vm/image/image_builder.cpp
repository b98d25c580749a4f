#include "vm/image/image_builder.h"

#include <fmt/format.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "base/digest.h"
#include "base/error.h"
#include "base/whole_file.h"
#include "vm/image/cpio.h"
#include "vm/image/kernel_module.h"
#include "vm/image/work_folder.h"
#include "vm/process.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

constexpr Duration kUnpacking = Duration::s(120);
constexpr const char* kFormat = "2";  // of what is made from the same recipe and packages

bool matches(const std::vector<std::string>& patterns, const std::string& text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& p) { return fnmatch(p.c_str(), text.c_str(), 0) == 0; });
}

std::string for_arch(std::string name, Arch arch) {
  if (const size_t at = name.find("@ARCH@"); at != std::string::npos) name.replace(at, 6, debian_name(arch));
  return name;
}

/// Debian's own layout of old and new packages alike: /bin, /sbin, /lib and /lib64 are links into /usr.
std::string merged(const std::string& path) {
  for (const char* folder : {"bin/", "sbin/", "lib/", "lib64/"})
    if (path.starts_with(folder)) return "usr/" + path;
  return path;
}

std::string merged_target(const std::string& from, const std::string& target) {
  // A relative link that left the root of its package through folders which have moved.
  if (target.starts_with("/") ||
      !(from.starts_with("lib") || from.starts_with("bin") || from.starts_with("sbin")))
    return target;
  return target.find("../usr/") == std::string::npos ? target : "/" + target.substr(target.find("usr/"));
}

void add_tree(FileTree& tree, const fs::path& root, const std::vector<std::string>& drop) {
  for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator(); ++it) {
    const std::string path = it->path().lexically_relative(root).string();
    const std::string to = merged(path);
    if (matches(drop, to)) {
      if (it->is_directory() && !it->is_symlink()) it.disable_recursion_pending();
      continue;
    }
    if (it->is_symlink()) {
      tree.add_link(to, merged_target(path, fs::read_symlink(it->path()).string()));
    } else if (it->is_directory()) {
      if (path.find('/') != std::string::npos || merged(path + "/x") == path + "/x") tree.add_folder(to);
    } else if (it->is_regular_file()) {
      const auto p = it->status().permissions();
      tree.add_file(to, read_whole_file(it->path()),
                    (p & fs::perms::owner_exec) != fs::perms::none ? 0755 : 0644);
    }
  }
}

/// The first file below `root` whose name fits.
std::optional<fs::path> find_file(const fs::path& root, const std::vector<std::string>& names) {
  std::vector<fs::path> found;
  for (const auto& e : fs::recursive_directory_iterator(root))
    if (e.is_regular_file() && matches(names, e.path().filename().string())) found.push_back(e.path());
  if (found.empty()) return std::nullopt;
  return *std::min_element(found.begin(), found.end());
}

/// Debian's package of the compiler for a processor that is not the host's.
std::string_view cross_compiler(Arch arch) {
  return arch == Arch::aarch64 ? "g++-aarch64-linux-gnu" : "g++-x86-64-linux-gnu";
}

std::string module_contents(const fs::path& file) {
  if (file.extension() == ".ko") return without_signature(read_whole_file(file));
  return without_signature(run_to_end({"xz", "-dc", file.string()}, kUnpacking));  // Debian 13 packs them
}

/// Of the kernel package: what is part of the kernel itself, and so no file. Debian 13's has most of virtio.
std::set<std::string> builtin_modules(const fs::path& kernel_package) {
  std::set<std::string> out;
  const auto list = find_file(kernel_package, {"modules.builtin"});
  if (!list) return out;
  std::istringstream lines(read_whole_file(*list));
  for (std::string line; std::getline(lines, line);) out.insert(fs::path(line).stem().string());
  return out;
}

}  // namespace

void ImageBuilder::unpack(const Recipe& recipe, const DebianPackages& packages,
                          const std::vector<std::string>& files, const fs::path& root) const {
  for (const std::string& file : files) {
    const std::string package = file.substr(0, file.find('_'));
    if (matches(recipe.leave, package)) continue;
    const bool kernel = package.starts_with("linux-image");
    run_to_end(
        {"dpkg-deb", "-x", packages.path(file).string(), (root / (kernel ? "kernel" : "files")).string()},
        kUnpacking);
  }
}

void ImageBuilder::write(const Recipe& recipe, const std::vector<fs::path>& programs, const fs::path& root,
                         const fs::path& folder) const {
  FileTree tree;
  if (fs::exists(root / "files")) add_tree(tree, root / "files", recipe.drop);
  for (const fs::path& overlay : recipe.roots) add_tree(tree, overlay, {});
  for (const char* name : {"bin", "sbin", "lib", "lib64"}) tree.add_link(name, std::string("usr/") + name);
  for (const char* name : {"proc", "sys", "run", "usr/bin", "usr/sbin", "usr/lib64", "var/log"})
    tree.add_folder(name);
  tree.add_folder("tmp", 01777);
  tree.add_folder("root", 0700);
  tree.add_character_device("dev/console", 5, 1, 0600);
  int number = 10;
  const std::set<std::string> builtin = builtin_modules(root / "kernel");
  const auto add_module = [&](const std::string& module, const std::string& place) {
    if (builtin.contains(module)) return;
    const auto file = find_file(root / "kernel", {module + ".ko", module + ".ko.xz"});
    if (!file) throw SimulationError(fmt::format("the kernel package has no module '{}'", module));
    tree.add_file("usr/lib/xedgesim/" + place, module_contents(*file));
  };
  for (const std::string& module : recipe.modules)
    add_module(module, fmt::format("modules/{}-{}.ko", number++, module));
  for (const std::string& module : recipe.spare_modules) add_module(module, "spare/" + module + ".ko");
  for (const fs::path& p : programs)
    tree.add_file("usr/local/bin/" + p.filename().string(), read_whole_file(p), 0755);
  const auto kernel = find_file(root / "kernel", {"vmlinuz-*"});
  if (!kernel) throw SimulationError("the kernel package has no kernel");
  write_whole_file(folder / "kernel", read_whole_file(*kernel));
  write_whole_file(folder / "initrd", tree.archive());
}

fs::path ImageBuilder::program(const Recipe& recipe, const std::string& name, Arch arch) const {
  if (arch == host_arch()) return config_.programs / name;
  const fs::path file = config_.programs / to_string(arch) / name;
  if (!fs::exists(file))
    throw ConfigError(fmt::format(
        "the image '{}' holds the program '{}', which this build has not for {}: install a compiler "
        "(scripts/setup --with qemu; Debian: {}), then scripts/build",
        recipe.name, name, to_string(arch), cross_compiler(arch)));
  return file;
}

Image ImageBuilder::build(const std::string& name, Arch arch, const std::string& suite) {
  Recipe recipe = Recipe::load(config_.recipes, name);
  if (!suite.empty()) {
    check_suite_name(suite, "--suite");
    recipe.suite = suite;
  }
  std::vector<fs::path> programs;
  for (const std::string& p : recipe.programs) programs.push_back(program(recipe, p, arch));
  std::error_code ec;
  fs::create_directories(config_.store.folder(), ec);
  std::vector<std::string> wanted = recipe.packages;
  wanted.push_back(recipe.kernel);
  for (std::string& p : wanted) p = for_arch(p, arch);
  DebianPackages packages(
      {.folder = config_.store.folder(), .arch = arch, .suite = recipe.suite, .log = config_.log});
  const std::vector<std::string> files = packages.fetch(wanted);
  Digest digest;
  digest.add(std::string(kFormat));
  digest.add(std::string(to_string(arch)));
  digest.add(recipe.suite);
  digest.add(recipe.text);
  for (const std::string& f : files) digest.add(f);
  for (const fs::path& overlay : recipe.roots) {
    FileTree tree;
    add_tree(tree, overlay, {});
    digest.add(tree.archive());
  }
  for (const fs::path& p : programs) digest.add(read_whole_file(p));
  const std::string content = digest.hex().substr(0, 16);
  if (auto there = config_.store.with_content(name, arch, content)) {
    config_.store.select(name, arch, content);
    return *there;
  }
  const WorkFolder work(config_.store.folder());
  say(fmt::format("unpacking {} packages", files.size()));
  unpack(recipe, packages, files, work.path());
  const fs::path fresh = work.path() / "image";
  fs::create_directories(fresh);
  write(recipe, programs, work.path(), fresh);
  std::string list;
  for (const std::string& f : files) list += f + "\n";
  write_whole_file(fresh / "packages", list);
  const fs::path folder = config_.store.content_folder(name, arch, content);
  fs::remove_all(folder, ec);
  fs::rename(fresh, folder);
  config_.store.select(name, arch, content);
  return config_.store.get(name, arch);
}

}  // namespace xedgesim::vm
