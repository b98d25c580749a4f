#include "container/cpio_unpack.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <charconv>
#include <fstream>

#include "base/error.h"

namespace xedgesim::container {
namespace {

constexpr size_t kHead = 110;  // bytes: six of magic, thirteen fields of eight hexadecimal digits
constexpr int kMode = 1, kSize = 6, kMajor = 9, kMinor = 10, kNameSize = 11;

[[noreturn]] void no_archive(const char* why) {
  throw ConfigError(fmt::format("this is no cpio archive of an image: {}; build the image anew", why));
}

size_t padded(size_t n) { return (n + 3) & ~size_t{3}; }

bool stays_inside(const std::string& path) {
  if (path.empty() || path.front() == '/') return false;
  for (const auto& part : std::filesystem::path(path))
    if (part == "..") return false;
  return true;
}

/// A link above an entry would lead it out of the folder.
bool below_a_link(const std::filesystem::path& folder, const std::filesystem::path& path) {
  std::filesystem::path above = folder;
  std::error_code ec;
  for (const auto& part : path.parent_path())
    if (std::filesystem::is_symlink(above /= part, ec)) return true;
  return false;
}

}  // namespace

void read_cpio(std::string_view archive, const std::function<void(const CpioEntry&)>& entry) {
  for (size_t at = 0;;) {
    if (archive.size() - at < kHead || archive.substr(at, 6) != "070701") no_archive("an entry has no head");
    const auto field = [&](int number) {
      const std::string_view digits = archive.substr(at + 6 + static_cast<size_t>(number) * 8, 8);
      unsigned value = 0;
      const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
      if (ec != std::errc{} || end != digits.data() + digits.size()) no_archive("a field is no number");
      return value;
    };
    const size_t name_size = field(kNameSize), size = field(kSize), body = padded(at + kHead + name_size);
    if (name_size == 0 || body > archive.size() || size > archive.size() - body) no_archive("it is cut off");
    const std::string name(archive.substr(at + kHead, name_size - 1));
    if (name == "TRAILER!!!") return;
    if (!stays_inside(name)) no_archive("a path leaves its folder");
    entry({.path = name,
           .mode = field(kMode),
           .contents = archive.substr(body, size),
           .major = field(kMajor),
           .minor = field(kMinor)});
    at = padded(body + size);
    if (at > archive.size()) no_archive("it is cut off");
  }
}

std::string read_whole_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw ConfigError(fmt::format("cannot read {}", file.string()));
  return {std::istreambuf_iterator<char>(in), {}};
}

void unpack_cpio(const std::filesystem::path& archive, const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  read_cpio(read_whole_file(archive), [&](const CpioEntry& e) {
    const fs::path to = folder / e.path;
    std::error_code ec;
    if (below_a_link(folder, e.path)) no_archive("an entry lies behind a link");
    fs::create_directories(to.parent_path(), ec);
    if (fs::is_symlink(to, ec)) fs::remove(to, ec);
    ec.clear();
    if (S_ISDIR(e.mode)) {
      fs::create_directory(to, ec);
      ec.clear();
    } else if (S_ISLNK(e.mode)) {
      fs::create_symlink(fs::path(e.contents), to, ec);
    } else if (S_ISREG(e.mode)) {
      std::ofstream out(to, std::ios::binary | std::ios::trunc);
      out.write(e.contents.data(), static_cast<std::streamsize>(e.contents.size()));
      if (!out.flush()) ec = std::make_error_code(std::errc::io_error);
    } else {
      return;
    }
    if (!ec && !S_ISLNK(e.mode)) fs::permissions(to, static_cast<fs::perms>(e.mode & 07777), ec);
    if (ec) throw SimulationError(fmt::format("cannot write {}: {}", to.string(), ec.message()));
  });
}

}  // namespace xedgesim::container
