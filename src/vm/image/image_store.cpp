#include "vm/image/image_store.h"

#include <fmt/format.h>

#include <set>

#include "base/error.h"
#include "vm/cache_folder.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

std::string label(const std::string& name, Arch arch) { return fmt::format("{}-{}", name, to_string(arch)); }

}  // namespace

fs::path ImageStore::default_folder() { return cache_folder("XEDGESIM_IMAGES", "images"); }

fs::path ImageStore::content_folder(const std::string& name, Arch arch, const std::string& content) const {
  return folder_ / fmt::format("{}-{}", label(name, arch), content);
}

std::optional<Image> ImageStore::with_content(const std::string& name, Arch arch,
                                              const std::string& content) const {
  const fs::path folder = content_folder(name, arch, content);
  Image image{.name = name,
              .arch = arch,
              .content = content,
              .kernel = folder / "kernel",
              .initrd = folder / "initrd"};
  std::error_code ec;
  if (content.empty() || !fs::exists(image.kernel, ec) || !fs::exists(image.initrd, ec)) return std::nullopt;
  return image;
}

std::optional<Image> ImageStore::find(const std::string& name, Arch arch) const {
  std::error_code ec;
  const std::string target = fs::read_symlink(folder_ / label(name, arch), ec).filename().string();
  const std::string before = label(name, arch) + "-";
  if (ec || !target.starts_with(before)) return std::nullopt;
  return with_content(name, arch, target.substr(before.size()));
}

Image ImageStore::get(const std::string& name, Arch arch) const {
  if (const auto image = find(name, arch)) return *image;
  throw ConfigError(
      fmt::format("there is no image '{}' for {}: make it by `xedgesim image build {} --arch {}`, or "
                  "bring a container image by `xedgesim image import`",
                  name, to_string(arch), name, to_string(arch)));
}

std::vector<std::string> ImageStore::names() const {
  std::set<std::string> found;
  std::error_code ec;
  for (const auto& e : fs::directory_iterator(folder_, ec))
    for (const Arch arch : {Arch::x86_64, Arch::aarch64}) {
      const std::string file = e.path().filename().string(), end = label("", arch);
      if (e.is_symlink(ec) && file.ends_with(end)) found.insert(file.substr(0, file.size() - end.size()));
    }
  return {found.begin(), found.end()};
}

void ImageStore::select(const std::string& name, Arch arch, const std::string& content) const {
  const fs::path link = folder_ / label(name, arch), fresh = link.string() + ".new";
  std::error_code ec;
  fs::remove(fresh, ec);
  fs::create_symlink(content_folder(name, arch, content).filename(), fresh, ec);
  if (!ec) fs::rename(fresh, link, ec);
  if (ec) throw SimulationError(fmt::format("cannot write {}: {}", link.string(), ec.message()));
}

}  // namespace xedgesim::vm
