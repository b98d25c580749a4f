#include "vm/image/image_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "base/error.h"
#include "vm/cache_folder.h"
#include "vm/image/work_folder.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

std::string label(const std::string& name, Arch arch) { return fmt::format("{}-{}", name, to_string(arch)); }

constexpr std::chrono::hours kForgotten{24};

int64_t bytes_below(const fs::path& folder) {
  int64_t bytes = 0;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
    std::error_code gone;
    if (!it->is_regular_file(gone) || it->is_symlink(gone)) continue;
    const auto size = it->file_size(gone);
    if (!gone) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

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

std::vector<ImageStore::Unused> ImageStore::unused() const {
  std::vector<Unused> out;
  std::error_code ec;
  for (fs::directory_iterator it(folder_, ec), end; !ec && it != end; it.increment(ec)) {
    std::error_code gone;
    if (!it->is_directory(gone) || it->is_symlink(gone)) continue;
    const std::string what = why_unused(it->path());
    if (!what.empty()) out.push_back({it->path(), bytes_below(it->path()), what});
  }
  std::sort(out.begin(), out.end(), [](const Unused& a, const Unused& b) { return a.path < b.path; });
  return out;
}

std::string ImageStore::why_unused(const fs::path& folder) const {
  const std::string file = folder.filename().string();
  std::error_code ec;
  if (file.starts_with(WorkFolder::kPrefix) &&
      fs::last_write_time(folder, ec) + kForgotten < fs::file_time_type::clock::now() && !ec)
    return "begun and never finished";
  for (const Arch arch : {Arch::x86_64, Arch::aarch64}) {
    if (file == fmt::format("apt-{}", debian_name(arch))) return "packages fetched by an earlier version";
    const size_t dash = file.rfind('-');  // a key has none, a name may
    const std::string end = label("", arch);
    if (dash == std::string::npos || dash <= end.size() || !file.substr(0, dash).ends_with(end)) continue;
    const std::string name = file.substr(0, dash - end.size()), content = file.substr(dash + 1);
    const auto current = find(name, arch);
    if (with_content(name, arch, content) && !(current && current->content == content))
      return fmt::format("an earlier build of {} for {}", name, to_string(arch));
  }
  return {};
}

void ImageStore::remove(const std::vector<Unused>& unused) const {
  for (const Unused& u : unused) {
    std::error_code ec;
    fs::remove_all(u.path, ec);
    if (ec) throw SimulationError(fmt::format("cannot remove {}: {}", u.path.string(), ec.message()));
  }
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
