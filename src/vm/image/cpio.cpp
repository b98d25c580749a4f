#include "vm/image/cpio.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace xedgesim::vm {
namespace {

void pad(std::string& out) { out.append((4 - out.size() % 4) % 4, '\0'); }

void append(std::string& out, unsigned inode, const std::string& name, unsigned mode,
            std::string_view contents, unsigned major, unsigned minor) {
  const unsigned links = S_ISDIR(mode) ? 2 : 1;
  // magic, inode, mode, uid, gid, links, mtime, size, dev, rdev, name length, checksum
  out += fmt::format("070701{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}",
                     inode, mode, 0, 0, links, 0, contents.size(), 0, 0, major, minor, name.size() + 1, 0);
  out += name;
  out += '\0';
  pad(out);
  out += contents;
  pad(out);
}

}  // namespace

void FileTree::add(const std::string& path, Entry entry) {
  for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
    entries_.try_emplace(path.substr(0, slash), Entry{.mode = S_IFDIR | 0755});
  entries_[path] = std::move(entry);
}

void FileTree::add_file(const std::string& path, std::string contents, unsigned permissions) {
  add(path, {.mode = S_IFREG | permissions, .contents = std::move(contents)});
}

void FileTree::add_link(const std::string& path, const std::string& target) {
  add(path, {.mode = S_IFLNK | 0777, .contents = target});
}

void FileTree::add_folder(const std::string& path, unsigned permissions) {
  add(path, {.mode = S_IFDIR | permissions});
}

void FileTree::add_character_device(const std::string& path, unsigned major, unsigned minor,
                                    unsigned permissions) {
  add(path, {.mode = S_IFCHR | permissions, .contents = {}, .major = major, .minor = minor});
}

std::string FileTree::archive() const {
  std::string out;
  size_t total = 256;
  for (const auto& [name, e] : entries_) total += 128 + name.size() + e.contents.size();
  out.reserve(total);
  unsigned inode = 1;
  for (const auto& [name, e] : entries_) append(out, inode++, name, e.mode, e.contents, e.major, e.minor);
  append(out, 0, "TRAILER!!!", 0, {}, 0, 0);
  return out;
}

}  // namespace xedgesim::vm
