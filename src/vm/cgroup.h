#pragma once
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace xedgesim::vm {

/// What the host grants a process; an absent value means: not limited.
struct Limits {
  std::optional<int64_t> memory_hard{}, memory_soft{};  ///< bytes
  std::optional<double> cpu_quota{};                    ///< 1.0 = one whole core
  std::optional<int64_t> cpu_shares{};                  ///< weight, 1024 is the usual one
  bool any() const { return memory_hard || memory_soft || cpu_quota || cpu_shares; }
};

/// Control groups of this host, version 1 or 2, whichever has the controllers; groups of ours lie below the
/// one this program is in.
class CgroupHost {
 public:
  /// `root`: where the host mounts them.
  explicit CgroupHost(std::filesystem::path root = "/sys/fs/cgroup",
                      std::filesystem::path self = "/proc/self/cgroup");
  /// Why these limits cannot be set here; empty when they can. Makes a group and removes it.
  std::string refusal(const Limits& limits) const;
  /// Makes groups named `name`, sets the limits and moves the process into them; as far as the host can.
  /// Returns the folders made, and in `missed` what could not be set. Throws nothing.
  std::vector<std::filesystem::path> apply(const std::string& name, const Limits& limits, pid_t process,
                                           std::string& missed) const;

 private:
  struct Setting {
    std::string controller, file, value;
  };
  std::vector<Setting> settings(const Limits& limits) const;
  std::filesystem::path folder(const std::string& controller, const std::string& name) const;

  std::filesystem::path root_;
  bool unified_ = false;
  std::vector<std::pair<std::string, std::filesystem::path>> groups_;  // controller -> our own group
};

/// Removes groups made by apply(); what is still in them goes to the group above.
void remove_cgroups(const std::vector<std::filesystem::path>& folders);

}  // namespace xedgesim::vm
