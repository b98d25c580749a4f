#include "vm/cgroup.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPeriod = 100'000;  // µs

bool write_value(const fs::path& file, const std::string& value) {
  std::ofstream out(file);
  out << value << std::flush;
  return out.good();
}

bool has_word(const fs::path& file, const std::string& word) {
  std::ifstream in(file);
  for (std::string w; in >> w;)
    if (w == word) return true;
  return false;
}

/// Weight 1..10000 of version 2 for shares 2..262144 of version 1, as runc and systemd convert.
int64_t weight_of(int64_t shares) { return 1 + (shares - 2) * 9999 / 262142; }

}  // namespace

CgroupHost::CgroupHost(fs::path root, fs::path self) : root_(std::move(root)) {
  std::error_code ec;
  unified_ = fs::exists(root_ / "cgroup.controllers", ec);
  std::ifstream in(self);
  for (std::string line; std::getline(in, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const fs::path below = fs::path(line.substr(second + 1)).relative_path();
    if (unified_) {
      if (line.substr(first + 1, second - first - 1).empty()) {
        groups_.emplace_back("cpu", root_ / below);
        groups_.emplace_back("memory", root_ / below);
      }
      continue;
    }
    std::istringstream controllers(line.substr(first + 1, second - first - 1));
    for (std::string c; std::getline(controllers, c, ',');)
      if (fs::exists(root_ / c, ec))
        // Inside a container the path may be the host's: then the mount itself is our group.
        groups_.emplace_back(c, fs::exists(root_ / c / below, ec) ? root_ / c / below : root_ / c);
  }
}

fs::path CgroupHost::folder(const std::string& controller, const std::string& name) const {
  for (const auto& [c, group] : groups_) {
    if (c != controller) continue;
    if (!unified_) return group / name;
    // A group with processes of its own cannot have limited children (version 2): ours stand beside us, where
    // the controller has been handed on.
    for (const fs::path& place : {group, group.parent_path()})
      if (has_word(place / "cgroup.subtree_control", controller)) return place / name;
  }
  return {};
}

std::vector<CgroupHost::Setting> CgroupHost::settings(const Limits& l) const {
  std::vector<Setting> out;
  const auto add = [&](const char* controller, const char* v1, const char* v2, const std::string& one,
                       const std::string& two) {
    out.push_back({controller, unified_ ? v2 : v1, unified_ ? two : one});
  };
  if (l.memory_hard)
    add("memory", "memory.limit_in_bytes", "memory.max", fmt::format("{}", *l.memory_hard),
        fmt::format("{}", *l.memory_hard));
  if (l.memory_soft)
    add("memory", "memory.soft_limit_in_bytes", "memory.high", fmt::format("{}", *l.memory_soft),
        fmt::format("{}", *l.memory_soft));
  if (l.cpu_quota) {
    const auto quota = std::max<int64_t>(1000, std::llround(*l.cpu_quota * static_cast<double>(kPeriod)));
    if (!unified_) out.push_back({"cpu", "cpu.cfs_period_us", fmt::format("{}", kPeriod)});
    add("cpu", "cpu.cfs_quota_us", "cpu.max", fmt::format("{}", quota), fmt::format("{} {}", quota, kPeriod));
  }
  if (l.cpu_shares)
    add("cpu", "cpu.shares", "cpu.weight", fmt::format("{}", *l.cpu_shares),
        fmt::format("{}", weight_of(*l.cpu_shares)));
  return out;
}

std::vector<fs::path> CgroupHost::apply(const std::string& name, const Limits& limits, pid_t process,
                                        std::string& missed) const {
  std::vector<fs::path> made;
  const auto miss = [&](const std::string& what) { missed += (missed.empty() ? "" : ", ") + what; };
  for (const Setting& s : settings(limits)) {
    const fs::path group = folder(s.controller, name);
    if (group.empty()) {
      miss(fmt::format("{} (the host has no cgroup controller '{}' for us)", s.file, s.controller));
      continue;
    }
    std::error_code ec;
    if (std::find(made.begin(), made.end(), group) == made.end()) {
      fs::create_directory(group, ec);
      if (fs::exists(group)) made.push_back(group);
    }
    if (!write_value(group / s.file, s.value))
      miss(fmt::format("{} (cannot be written: it takes root, or a delegated group)",
                       (group / s.file).string()));
  }
  for (const fs::path& group : made)
    if (process > 0 && !write_value(group / "cgroup.procs", fmt::format("{}", process)))
      miss(fmt::format("{} (the process cannot be moved there)", group.string()));
  return made;
}

std::string CgroupHost::refusal(const Limits& limits) const {
  if (!limits.any()) return {};
  std::string missed;
  remove_cgroups(apply(fmt::format("xedgesim-probe-{}", getpid()), limits, 0, missed));
  return missed;
}

void remove_cgroups(const std::vector<fs::path>& folders) {
  for (const fs::path& f : folders) {
    std::ifstream in(f / "cgroup.procs");
    for (std::string pid; std::getline(in, pid);) write_value(f.parent_path() / "cgroup.procs", pid);
    in.close();
    rmdir(f.c_str());
  }
}

}  // namespace xedgesim::vm
