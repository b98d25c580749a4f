#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace xedgesim::vm {

/// A file tree in memory that becomes a cpio archive ("newc", Documentation/driver-api/early-userspace of
/// Linux): the file system of a machine that boots from an initial RAM disk. The bytes depend on the contents
/// alone: entries are sorted, as old as 1970, and owned by root unless said otherwise.
class FileTree {
 public:
  /// Paths without a leading slash. Folders above a path appear by themselves; a later entry replaces an
  /// earlier one.
  void add_file(const std::string& path, std::string contents, unsigned permissions = 0644);
  void add_link(const std::string& path, const std::string& target);
  void add_folder(const std::string& path, unsigned permissions = 0755);
  void add_character_device(const std::string& path, unsigned major, unsigned minor, unsigned permissions);
  struct Inode {
    unsigned mode = 0;  ///< type and permissions
    uint32_t uid = 0, gid = 0;
    std::string contents{};  ///< of a file, or a link's target
  };
  /// Anything else. Entries of one `name` other than 0 are names of one file; the first one's inode counts.
  void add_inode(const std::string& path, const Inode& inode, uint64_t name = 0);
  bool contains(const std::string& path) const { return entries_.contains(path); }
  size_t size() const { return entries_.size(); }

  /// Padded to four bytes: archives may follow one another.
  std::string archive() const;

 private:
  struct Entry {
    unsigned mode = 0;
    std::string contents{};
    unsigned major = 0, minor = 0;
    uint32_t uid = 0, gid = 0;
    uint64_t same = 0;  // of hard links
  };
  void add(const std::string& path, Entry entry);
  std::map<std::string, Entry> entries_;
  std::map<uint64_t, unsigned> names_;  // how many entries are the same file
};

}  // namespace xedgesim::vm
