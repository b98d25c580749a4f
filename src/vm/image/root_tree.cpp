#include "vm/image/root_tree.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/whole_file.h"
#include "vm/image/image_path.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;  // that follow one another, as Linux counts them
constexpr std::string_view kWhiteout = ".wh.", kOpaque = ".wh..wh..opq";

}  // namespace

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
    throw ConfigError(what + ": " +
                      fmt::format("'{}' lies in '{}', which is a link that leads nowhere", path, folder));
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
      throw ConfigError(
          what + ": " +
          fmt::format("'{}' is another name of '{}', which is no file of the image", e.path, e.hard_link));
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

std::vector<LayerEntry> RootTree::entries() const {
  std::vector<LayerEntry> out;
  for (const auto& [path, inode] : inodes_) out.push_back({.path = path, .inode = *inode});
  return out;
}

void RootTree::write_to(const fs::path& folder) const {
  std::error_code ec;
  const auto check = [&ec](const fs::path& to) {
    if (ec) throw SimulationError(fmt::format("cannot write {}: {}", to.string(), ec.message()));
  };
  const auto permit = [&](const fs::path& to, const FileTree::Inode& inode) {
    fs::permissions(to, static_cast<fs::perms>(inode.mode & 07777), ec);
    check(to);
  };
  fs::create_directories(folder, ec);
  for (const auto& [path, inode] : inodes_) {
    const fs::path to = folder / path;
    const unsigned type = inode->mode & S_IFMT;
    if (type == S_IFDIR) fs::create_directory(to, ec);
    if (type == S_IFLNK) fs::create_symlink(inode->contents, to, ec);
    check(to);
    if (type == S_IFREG) {
      write_whole_file(to, inode->contents);
      permit(to, *inode);
    }
  }
  // A folder that may not be written to gets what is in it first.
  for (const auto& [path, inode] : inodes_)
    if ((inode->mode & S_IFMT) == S_IFDIR) permit(folder / path, *inode);
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
