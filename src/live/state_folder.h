#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "live/host_process.h"

namespace xedgesim::live {

/// What is written down of a system that is up, so that whoever comes later can end all of it.
struct SystemRecord {
  struct Node {
    std::string id{};
    HostProcess process{};
    std::vector<std::filesystem::path> cgroups{};
    std::string container{};         ///< id in an engine; empty: none
    std::filesystem::path engine{};  ///< its socket
    std::string domain{};            ///< name at libvirt; empty: none
    std::string libvirt{};           ///< its URI
  };
  std::string name{}, scenario{};
  HostProcess owner{};  ///< the program that keeps it up
  int64_t since_unix_s = 0;
  std::vector<Node> nodes{};
  std::vector<std::string> bridges{};  ///< of Open vSwitch
};

/// The folder of a system that is up, for its owner only:
///   system.json   SystemRecord          control.sock, control.json   where it listens, and its token
///   session.sock  consoles and commands  consoles/<id>.log, vm/, log  what it printed, QEMU's files, our own
///   words
class StateFolder {
 public:
  /// $XEDGESIM_STATE, else xedgesim in $XDG_RUNTIME_DIR, else ~/.local/state/xedgesim.
  static std::filesystem::path root();
  /// Throws ConfigError for a name that is none.
  explicit StateFolder(const std::string& name, std::filesystem::path root_folder = root());
  /// Names of all systems that have a folder.
  static std::vector<std::string> names(const std::filesystem::path& root_folder = root());

  /// Makes the folder. What a crashed program left under this name is ended and removed first. Throws
  /// ConfigError when a system of that name is up.
  void create() const;
  void write(const SystemRecord& record) const;
  std::optional<SystemRecord> read() const;
  /// Its owner is alive.
  bool up() const;
  /// Ends exactly the processes that are written down, and removes control groups and folder. Returns how
  /// many were still there.
  size_t clean_up() const;

  const std::string& name() const { return name_; }
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path control_socket() const { return path_ / "control.sock"; }
  std::filesystem::path session_socket() const { return path_ / "session.sock"; }
  std::filesystem::path console(const std::string& id) const { return path_ / "consoles" / (id + ".log"); }

 private:
  std::string name_;
  std::filesystem::path path_;
};

}  // namespace xedgesim::live
