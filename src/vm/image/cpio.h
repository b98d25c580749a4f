#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace xedgesim::vm {

/// A file tree in memory that becomes a cpio archive ("newc", Documentation/driver-api/early-userspace of
/// Linux): the file system of a machine that boots from an initial RAM disk. The bytes depend on the contents
/// alone: entries are sorted, owned by root and as old as 1970.
class FileTree {
 public:
  /// Paths without a leading slash. Folders above a path appear by themselves; a later entry replaces an
  /// earlier one.
  void add_file(const std::string& path, std::string contents, unsigned permissions = 0644);
  void add_link(const std::string& path, const std::string& target);
  void add_folder(const std::string& path, unsigned permissions = 0755);
  void add_character_device(const std::string& path, unsigned major, unsigned minor, unsigned permissions);
  bool contains(const std::string& path) const { return entries_.contains(path); }
  size_t size() const { return entries_.size(); }

  /// Padded to four bytes: archives may follow one another.
  std::string archive() const;

 private:
  struct Entry {
    unsigned mode = 0;
    std::string contents{};
    unsigned major = 0, minor = 0;
  };
  void add(const std::string& path, Entry entry);
  std::map<std::string, Entry> entries_;
};

}  // namespace xedgesim::vm
