#include "vm/image/root_tree.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "base/error.h"

#ifdef XEDGESIM_LIBARCHIVE
#include <archive.h>
#include <archive_entry.h>
#endif

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;  // that follow one another, as Linux counts them
constexpr std::string_view kWhiteout = ".wh.", kOpaque = ".wh..wh..opq";

[[noreturn]] void refuse_archive(const std::string& what, const std::string& why) {
  throw ConfigError(fmt::format("{}: {}", what, why));
}

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> out;
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    if (const auto part = path.substr(at, end - at); !part.empty() && part != ".") out.emplace_back(part);
    at = end + 1;
  }
  return out;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& p : parts) out += out.empty() ? p : "/" + p;
  return out;
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
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

}  // namespace

namespace {

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
      refuse_archive(what, fmt::format("is no tar archive, damaged or cut off: {}", reason(r)));
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

std::optional<std::string> RootTree::resolve(const std::string& path) const {
  std::vector<std::string> done, rest = parts_of(path);
  std::reverse(rest.begin(), rest.end());
  for (int links = 0; !rest.empty();) {
    const std::string part = rest.back();
    rest.pop_back();
    if (part == "..") {
      if (!done.empty()) done.pop_back();
      continue;
    }
    done.push_back(part);
    const auto found = inodes_.find(joined(done));
    if (found == inodes_.end()) return std::nullopt;
    if ((found->second->mode & S_IFMT) != S_IFLNK) continue;
    if (++links > kMostLinks) return std::nullopt;
    done.pop_back();
    const std::string& target = found->second->contents;
    if (target.starts_with('/')) done.clear();
    auto parts = parts_of(target);
    rest.insert(rest.end(), parts.rbegin(), parts.rend());
  }
  return joined(done);
}

const std::string* RootTree::text(const std::string& path) const {
  const auto real = resolve(path);
  const auto found = real ? inodes_.find(*real) : inodes_.end();
  if (found == inodes_.end() || (found->second->mode & S_IFMT) != S_IFREG) return nullptr;
  return &found->second->contents;
}

bool RootTree::runnable(const std::string& path) const {
  const auto real = resolve(path);
  const auto found = real ? inodes_.find(*real) : inodes_.end();
  return found != inodes_.end() && (found->second->mode & S_IFMT) == S_IFREG &&
         (found->second->mode & 0111) != 0;
}

void RootTree::remove(const std::string& path, bool itself) {
  if (itself) inodes_.erase(path);
  if (path.empty()) return inodes_.clear();
  const auto from = inodes_.lower_bound(path + "/");
  auto to = from;
  while (to != inodes_.end() && to->first.starts_with(path + "/")) ++to;
  inodes_.erase(from, to);
}

/// Where a path of a layer is: folders on the way may be links of the layers below.
std::string RootTree::place(const std::string& path, const std::string& what) const {
  const std::string folder = parent_of(path);
  if (folder.empty()) return path;
  const std::string name = path.substr(folder.size() + 1);
  if (const auto real = resolve(folder)) return real->empty() ? name : *real + "/" + name;
  // Folders that are not there yet: below the last one that is.
  const std::string above = place(folder, what);
  if (inodes_.contains(above))
    refuse_archive(what, fmt::format("'{}' lies in '{}', which is a link that leads nowhere", path, folder));
  return above + "/" + name;
}

void RootTree::add(const std::string& path, Shared inode) {
  const auto folder = [](const Shared& i) { return (i->mode & S_IFMT) == S_IFDIR; };
  for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const auto [above, fresh] = inodes_.try_emplace(path.substr(0, slash));
    if (fresh || !folder(above->second))
      above->second = std::make_shared<FileTree::Inode>(FileTree::Inode{.mode = S_IFDIR | 0755});
  }
  if (const auto there = inodes_.find(path);
      there != inodes_.end() && folder(there->second) && !folder(inode))
    remove(path, true);
  inodes_[path] = std::move(inode);
}

void RootTree::apply(std::vector<LayerEntry> layer, const std::string& what) {
  const auto file_name = [](const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
  };
  for (const LayerEntry& e : layer) {
    const std::string name = file_name(e.path), folder = parent_of(e.path);
    if (!name.starts_with(kWhiteout)) continue;
    if (name == kOpaque) {
      remove(resolve(folder).value_or(folder), false);
    } else if (!name.starts_with(".wh..wh.")) {
      const std::string gone = name.substr(kWhiteout.size());
      remove(place(folder.empty() ? gone : folder + "/" + gone, what), true);
    }
  }
  for (LayerEntry& e : layer) {
    if (file_name(e.path).starts_with(kWhiteout)) continue;
    const std::string path = place(e.path, what);
    if (e.hard_link.empty()) {
      add(path, std::make_shared<FileTree::Inode>(std::move(e.inode)));
      continue;
    }
    const auto target = inodes_.find(place(e.hard_link, what));
    if (target == inodes_.end() || (target->second->mode & S_IFMT) == S_IFDIR)
      refuse_archive(what, fmt::format("'{}' is another name of '{}', which is no file of the image", e.path,
                                       e.hard_link));
    add(path, Shared(target->second));
  }
}

int64_t RootTree::bytes() const {
  std::set<const FileTree::Inode*> seen;
  int64_t sum = 0;
  for (const auto& [path, inode] : inodes_)
    if ((inode->mode & S_IFMT) == S_IFREG && seen.insert(inode.get()).second)
      sum += static_cast<int64_t>(inode->contents.size());
  return sum;
}

void RootTree::add_to(FileTree& tree, const std::string& folder) const {
  std::map<const FileTree::Inode*, uint64_t> numbers;
  for (const auto& [path, inode] : inodes_) {
    uint64_t number = 0;
    if (inode.use_count() > 1) number = numbers.emplace(inode.get(), numbers.size() + 1).first->second;
    tree.add_inode(folder + "/" + path, *inode, number);
  }
}

}  // namespace xedgesim::vm
