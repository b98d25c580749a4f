#include "vm/image/cpio.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace xedgesim::vm {
namespace {

void pad(std::string& out) { out.append((4 - out.size() % 4) % 4, '\0'); }

struct Record {
  unsigned inode = 0, links = 1, mode = 0, major = 0, minor = 0;
  uint32_t uid = 0, gid = 0;
};

void append(std::string& out, const Record& r, const std::string& name, std::string_view contents) {
  // magic, inode, mode, uid, gid, links, mtime, size, dev, rdev, name length, checksum
  out += fmt::format("070701{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}",
                     r.inode, r.mode, r.uid, r.gid, r.links, 0, contents.size(), 0, 0, r.major, r.minor,
                     name.size() + 1, 0);
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

void FileTree::add_inode(const std::string& path, const Inode& i, uint64_t name) {
  add(path, {.mode = i.mode, .contents = i.contents, .uid = i.uid, .gid = i.gid, .same = name});
  if (name != 0) ++names_[name];
}

std::string FileTree::archive() const {
  std::string out;
  size_t total = 256;
  for (const auto& [name, e] : entries_) total += 128 + name.size() + e.contents.size();
  out.reserve(total);
  unsigned inode = 1;
  std::map<uint64_t, unsigned> first;  // inode numbers of files with several names
  for (const auto& [name, e] : entries_) {
    Record r{.inode = inode,
             .links = S_ISDIR(e.mode) ? 2u : 1u,
             .mode = e.mode,
             .major = e.major,
             .minor = e.minor,
             .uid = e.uid,
             .gid = e.gid};
    bool again = false;
    if (e.same != 0) {
      const auto [known, fresh] = first.emplace(e.same, inode);
      again = !fresh;
      r.inode = known->second;
      r.links = names_.at(e.same);
    }
    append(out, r, name, again ? std::string_view() : e.contents);
    ++inode;
  }
  append(out, {}, "TRAILER!!!", {});
  return out;
}

}  // namespace xedgesim::vm
