#include "vm/image/layer_archive.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <utility>

#include "base/error.h"
#include "vm/image/image_path.h"

#ifdef XEDGESIM_LIBARCHIVE
#include <archive.h>
#include <archive_entry.h>
#endif

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse_archive(const std::string& what, const std::string& why) {
  throw ConfigError(fmt::format("{}: {}", what, why));
}

/// A relative link that climbs above the root names a file of whoever unpacks it.
void check_link(const std::string& path, const std::string& target, const std::string& what) {
  if (target.starts_with('/')) return;  // from the image's root
  auto depth = static_cast<int64_t>(parts_of(parent_of(path)).size());
  for (const std::string& part : parts_of(target)) {
    depth += part == ".." ? -1 : 1;
    if (depth < 0)
      refuse_archive(what, fmt::format("the link '{}' -> '{}' leads out of the image: this archive is not to "
                                       "be trusted",
                                       path, target.substr(0, 200)));
  }
}

bool in_dev(const std::string& path) { return path.starts_with("dev/"); }

/// False when the entry is none of ours.
bool check_entry(LayerEntry& e, const std::string& what) {
  const unsigned type = e.inode.mode & S_IFMT;
  if (e.path.empty() || in_dev(e.path) || type == S_IFSOCK) return false;
  if (type == S_IFCHR || type == S_IFBLK)
    refuse_archive(what, fmt::format("'{}' is a device: an image has them in /dev at most", e.path));
  if (type == S_IFLNK) check_link(e.path, e.inode.contents, what);
  if (e.hard_link.empty() && type != S_IFREG && type != S_IFDIR && type != S_IFLNK && type != S_IFIFO)
    refuse_archive(what, fmt::format("'{}' is of an unknown kind", e.path));
  return true;
}

}  // namespace

#ifdef XEDGESIM_LIBARCHIVE

std::string archives_missing() { return {}; }

namespace {

std::string plain_path(std::string_view path, const std::string& what) {
  const auto parts = parts_of(path);
  if (std::find(parts.begin(), parts.end(), "..") != parts.end() || path.find('\0') != std::string::npos)
    refuse_archive(what,
                   fmt::format("the path '{}' leads out of the image: this archive is not to be trusted",
                               path.substr(0, 200)));
  return joined(parts);
}

using Reader = std::unique_ptr<archive, decltype(&archive_read_free)>;

/// UTF-8 where the archive says so, else the bytes as they are.
std::string name_in(archive_entry* e, const char* (*utf8)(archive_entry*),
                    const char* (*raw)(archive_entry*)) {
  const char* text = utf8(e);
  if (!text) text = raw(e);
  return text ? text : "";
}

/// Appends what an entry holds. False when the archive is damaged.
bool read_data(archive* reader, std::string& out, int64_t most) {
  for (;;) {
    const size_t before = out.size();
    constexpr size_t kPiece = 256 << 10;
    out.resize(before + kPiece);
    const la_ssize_t n = archive_read_data(reader, out.data() + before, kPiece);
    out.resize(before + static_cast<size_t>(std::max<la_ssize_t>(n, 0)));
    if (n < 0) return false;
    if (n == 0) return true;
    if (static_cast<int64_t>(out.size()) > most) return false;
  }
}

std::string reason(archive* reader) {
  const char* text = archive_error_string(reader);
  return text ? text : "it is larger than 2 GiB";
}

void accept_filters(archive* r) {
  archive_read_support_filter_gzip(r);
  archive_read_support_filter_zstd(r);
  archive_read_support_filter_xz(r);
  archive_read_support_filter_bzip2(r);
}

std::vector<LayerEntry> read_entries(archive* r, const std::string& what) {
  std::vector<LayerEntry> out;
  int64_t total = 0;
  for (;;) {
    archive_entry* e = nullptr;
    const int status = archive_read_next_header(r, &e);
    if (status == ARCHIVE_EOF) return out;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
      refuse_archive(what, fmt::format("is no archive, damaged or cut off: {}", reason(r)));
    LayerEntry entry{.path =
                         plain_path(name_in(e, archive_entry_pathname_utf8, archive_entry_pathname), what)};
    entry.inode = {.mode = static_cast<unsigned>(archive_entry_filetype(e)) |
                           static_cast<unsigned>(archive_entry_perm(e)),
                   .uid = static_cast<uint32_t>(archive_entry_uid(e)),
                   .gid = static_cast<uint32_t>(archive_entry_gid(e))};
    entry.hard_link = name_in(e, archive_entry_hardlink_utf8, archive_entry_hardlink);
    if (!entry.hard_link.empty()) entry.hard_link = plain_path(entry.hard_link, what);
    if ((entry.inode.mode & S_IFMT) == S_IFLNK)
      entry.inode.contents = name_in(e, archive_entry_symlink_utf8, archive_entry_symlink);
    if (!check_entry(entry, what)) continue;
    if ((entry.inode.mode & S_IFMT) == S_IFREG && entry.hard_link.empty()) {
      if (!read_data(r, entry.inode.contents, kMostLayer - total))
        refuse_archive(what, fmt::format("'{}' is damaged or cut off: {}", entry.path, reason(r)));
      total += static_cast<int64_t>(entry.inode.contents.size());
    }
    out.push_back(std::move(entry));
    if (out.size() > kMostEntries) refuse_archive(what, "has more than a million files");
  }
}

}  // namespace

std::string unpacked(std::string_view bytes, const std::string& what) {
  const Reader reader(archive_read_new(), archive_read_free);
  archive* r = reader.get();
  archive_read_support_format_raw(r);
  archive_read_support_format_empty(r);
  accept_filters(r);
  archive_entry* e = nullptr;
  std::string out;
  if (archive_read_open_memory(r, bytes.data(), bytes.size()) != ARCHIVE_OK)
    refuse_archive(what, fmt::format("cannot be read: {}", reason(r)));
  const int found = archive_read_next_header(r, &e);
  if (found == ARCHIVE_EOF) return out;
  if (found != ARCHIVE_OK || !read_data(r, out, kMostLayer))
    refuse_archive(what, fmt::format("is damaged or cut off: {}", reason(r)));
  return out;
}

std::vector<LayerEntry> read_layer(std::string_view tar, const std::string& what) {
  const Reader reader(archive_read_new(), archive_read_free);
  archive_read_support_format_tar(reader.get());
  archive_read_support_format_empty(reader.get());
  if (archive_read_open_memory(reader.get(), tar.data(), tar.size()) != ARCHIVE_OK)
    refuse_archive(what, fmt::format("is no tar archive: {}", reason(reader.get())));
  return read_entries(reader.get(), what);
}

std::vector<LayerEntry> read_archive(const fs::path& file, const std::string& what) {
  const Reader reader(archive_read_new(), archive_read_free);
  archive_read_support_format_tar(reader.get());
  accept_filters(reader.get());
  if (archive_read_open_filename(reader.get(), file.c_str(), 256 << 10) != ARCHIVE_OK)
    refuse_archive(what, fmt::format("is no tar archive: {}", reason(reader.get())));
  return read_entries(reader.get(), what);
}

std::vector<LayerEntry> read_initrd(const fs::path& file) {
  const Reader reader(archive_read_new(), archive_read_free);
  archive_read_support_format_cpio(reader.get());
  const std::string what = file.string();
  if (archive_read_open_filename(reader.get(), file.c_str(), 256 << 10) != ARCHIVE_OK)
    refuse_archive(what, fmt::format("is no cpio archive: {}", reason(reader.get())));
  return read_entries(reader.get(), what);
}

std::string write_layer(const std::vector<LayerEntry>& entries) {
  std::string out;
  const std::unique_ptr<archive, decltype(&archive_write_free)> writer(archive_write_new(),
                                                                       archive_write_free);
  archive* w = writer.get();
  archive_write_set_format_pax_restricted(w);
  archive_write_set_bytes_in_last_block(w, 1);
  const auto check = [&](la_ssize_t status) {
    if (status < ARCHIVE_WARN) throw SimulationError(fmt::format("cannot write an archive: {}", reason(w)));
  };
  check(archive_write_open(
      w, &out, nullptr,
      [](archive*, void* to, const void* data, size_t size) {
        static_cast<std::string*>(to)->append(static_cast<const char*>(data), size);
        return static_cast<la_ssize_t>(size);
      },
      nullptr));
  for (const LayerEntry& e : entries) {
    const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                              archive_entry_free);
    const bool file = (e.inode.mode & S_IFMT) == S_IFREG, link = (e.inode.mode & S_IFMT) == S_IFLNK;
    archive_entry_set_pathname(entry.get(), e.path.c_str());
    archive_entry_set_mode(entry.get(), static_cast<mode_t>(e.inode.mode));
    archive_entry_set_mtime(entry.get(), 0, 0);
    if (link) archive_entry_set_symlink(entry.get(), e.inode.contents.c_str());
    archive_entry_set_size(entry.get(), file ? static_cast<la_int64_t>(e.inode.contents.size()) : 0);
    check(archive_write_header(w, entry.get()));
    if (file) check(archive_write_data(w, e.inode.contents.data(), e.inode.contents.size()));
  }
  check(archive_write_close(w));
  return out;
}

#else

std::string archives_missing() {
  return "this build cannot read archives: install libarchive-dev (scripts/setup does) and build again, or "
         "give a folder";
}
std::string unpacked(std::string_view, const std::string&) { throw ConfigError(archives_missing()); }
std::vector<LayerEntry> read_archive(const fs::path&, const std::string&) {
  throw ConfigError(archives_missing());
}
std::vector<LayerEntry> read_layer(std::string_view, const std::string&) {
  throw ConfigError(archives_missing());
}
std::vector<LayerEntry> read_initrd(const fs::path&) { throw ConfigError(archives_missing()); }
std::string write_layer(const std::vector<LayerEntry>&) { throw ConfigError(archives_missing()); }

#endif

std::vector<LayerEntry> read_folder(const fs::path& folder) {
  std::vector<LayerEntry> out;
  std::map<std::pair<dev_t, ino_t>, std::string> seen;
  std::error_code ec;
  int64_t total = 0;
  fs::recursive_directory_iterator it(folder, ec);
  if (ec) refuse_archive(folder.string(), "cannot be read: " + ec.message());
  for (; it != fs::recursive_directory_iterator(); it.increment(ec)) {
    if (ec) refuse_archive(folder.string(), "cannot be read: " + ec.message());
    const std::string full = it->path().string();
    struct stat s {};
    if (lstat(full.c_str(), &s) != 0) refuse_archive(full, "cannot be read");
    LayerEntry e{.path = it->path().lexically_relative(folder).string()};
    e.inode = {.mode = s.st_mode, .uid = s.st_uid, .gid = s.st_gid};
    if (S_ISLNK(s.st_mode)) e.inode.contents = fs::read_symlink(it->path()).string();
    if (!check_entry(e, folder.string())) continue;
    if (S_ISREG(s.st_mode)) {
      const auto [first, fresh] = seen.emplace(std::pair(s.st_dev, s.st_ino), e.path);
      if (s.st_nlink > 1 && !fresh) {
        e.hard_link = first->second;
      } else {
        std::ifstream in(full, std::ios::binary);
        e.inode.contents.assign(std::istreambuf_iterator<char>(in), {});
        if (!in && !in.eof()) refuse_archive(full, "cannot be read");
        total += static_cast<int64_t>(e.inode.contents.size());
      }
    }
    out.push_back(std::move(e));
    if (total > kMostLayer || out.size() > kMostEntries)
      refuse_archive(folder.string(), "is larger than 2 GiB or a million files");
  }
  std::sort(out.begin(), out.end(), [](const LayerEntry& a, const LayerEntry& b) {
    return std::pair(!a.hard_link.empty(), a.path) < std::pair(!b.hard_link.empty(), b.path);
  });
  return out;
}

}  // namespace xedgesim::vm
