#include "vm/image/image_importer.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/whole_file.h"
#include "vm/image/work_folder.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

constexpr const char* kImportFormat = "1";  // of what is made from the same source and base image
constexpr size_t kLongestImageName = 64;
constexpr int64_t kMostJson = int64_t{2} << 30;  // bytes of a file in a layout's folder

/// Files of an image layout that lies in a folder of the host; never one outside of it.
FindBlob files_below(const fs::path& folder) {
  const fs::path real = fs::canonical(folder);
  return [real](const std::string& name) -> std::optional<std::string> {
    std::error_code ec;
    const fs::path file = fs::canonical(real / name, ec);
    if (ec || name.starts_with('/')) return std::nullopt;
    const fs::path inside = file.lexically_relative(real);
    if (inside.empty() || *inside.begin() == "..")
      throw ConfigError(fmt::format("{}: '{}' leads out of the folder: this image is not to be trusted",
                                    real.string(), name.substr(0, 200)));
    if (!fs::is_regular_file(file, ec)) return std::nullopt;
    if (static_cast<int64_t>(fs::file_size(file, ec)) > kMostJson)
      throw ConfigError(fmt::format("{}: is larger than 2 GiB", file.string()));
    return read_whole_file(file);
  };
}

}  // namespace

std::string image_name_of(const std::string& reference) {
  std::string name =
      reference.substr(reference.rfind('/') == std::string::npos ? 0 : reference.rfind('/') + 1);
  name = name.substr(0, name.find_first_of(":@"));
  std::string out;
  for (const char c : name)
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
        (c == '.' && !out.empty()))
      out += c;
  return out.substr(0, kLongestImageName);
}

ContainerImage ImageImporter::read(const Source& source) const {
  const std::string what = source.path.string();
  std::error_code ec;
  if (fs::is_directory(source.path, ec)) {
    for (const char* file : {"index.json", "manifest.json"}) {
      const bool layout =
          fs::exists(source.path / "oci-layout", ec) || std::string_view(file) == "manifest.json";
      if (!layout || !fs::is_regular_file(source.path / file, ec)) continue;
      if (auto image = read_container(files_below(source.path), source.arch, what)) return std::move(*image);
    }
    ContainerImage image;
    image.root.apply(read_folder(source.path), what);
    return image;
  }
  if (!fs::is_regular_file(source.path, ec))
    throw ConfigError(fmt::format("{}: there is no such file or folder", what));
  ContainerImage image;
  RootTree outer;
  outer.apply(read_archive(source.path, what), what);
  const FindBlob find = [&outer](const std::string& name) -> std::optional<std::string> {
    const std::string* text = outer.text(name);
    return text ? std::optional(*text) : std::nullopt;
  };
  if (auto found = read_container(find, source.arch, what)) return std::move(*found);
  if (!outer.resolve("bin") && !outer.resolve("usr") && !outer.resolve("etc"))
    throw ConfigError(
        fmt::format("{}: is neither an image saved by Docker or Podman (manifest.json), nor an OCI layout "
                    "(index.json), nor "
                    "a root file system",
                    what));
  image.root = std::move(outer);
  return image;
}

Image ImageImporter::import(const Source& source) {
  const std::string what = source.path.string();
  const Image base = config_.store.get("base", source.arch);
  const ContainerImage image = read(source);
  std::string name = source.name;
  if (name.empty()) name = image_name_of(image.reference);
  if (name.empty()) name = image_name_of(fs::absolute(source.path).lexically_normal().stem().string());
  if (name.empty() || image_name_of(name) != name)
    throw ConfigError(fmt::format(
        "'{}' is no name for an image: letters, digits, '-', '_' and '.', at most 64; --name gives it one",
        name));
  if (name == "base")
    throw ConfigError("'base' is the image that others are made of: --name gives it another");
  FileTree tree;
  image.root.add_to(tree, "container");
  add_container_start(tree, image, source.command, what);
  const std::string archive = tree.archive();
  Digest digest;
  digest.add(std::string(kImportFormat));
  digest.add(base.content);
  digest.add(archive);
  const std::string content = digest.hex().substr(0, 16);
  if (config_.log)
    config_.log(fmt::format("{}: {} files, {:.1f} MB{}", name, image.root.size(),
                            static_cast<double>(image.root.bytes()) * 1e-6,
                            image.reference.empty() ? "" : ", saved as " + image.reference));
  if (auto there = config_.store.with_content(name, source.arch, content)) {
    config_.store.select(name, source.arch, content);
    return *there;
  }
  const WorkFolder work(config_.store.folder());
  const fs::path fresh = work.path() / "image";
  fs::create_directories(fresh);
  fs::copy_file(base.kernel, fresh / "kernel");
  std::string initrd = read_whole_file(base.initrd);
  initrd.append((4 - initrd.size() % 4) % 4, '\0');
  write_whole_file(fresh / "initrd", initrd + archive);
  nlohmann::ordered_json origin{{"reference", image.reference}, {"base", base.content}};
  if (std::error_code ignored; fs::is_regular_file(source.path, ignored)) {
    Sha256 sum;
    sum.add(read_whole_file(source.path));
    origin["sha256"] = sum.hex();  // of the archive
  }
  write_whole_file(fresh / "source.json",
                   origin.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  const fs::path folder = config_.store.content_folder(name, source.arch, content);
  std::error_code ec;
  fs::remove_all(folder, ec);
  fs::rename(fresh, folder);
  config_.store.select(name, source.arch, content);
  return config_.store.get(name, source.arch);
}

}  // namespace xedgesim::vm
