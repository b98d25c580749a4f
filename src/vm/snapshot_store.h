#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "vm/boot_snapshot.h"

namespace xedgesim::vm {

/// The folder of boot snapshots: $XEDGESIM_SNAPSHOTS, else xedgesim/snapshots in $XDG_CACHE_HOME or ~/.cache.
/// A key stands for everything that decides how a machine boots, so a snapshot is never wrong, only unused;
/// the ones used last are kept, as many as the limit allows. Several programs may use a folder at a time.
class SnapshotStore {
 public:
  static std::filesystem::path default_folder();
  static constexpr int64_t kLimit = int64_t{4} << 30;  ///< bytes of all snapshots
  explicit SnapshotStore(std::filesystem::path folder = default_folder(), int64_t limit = kLimit)
      : folder_(std::move(folder)), limit_(limit) {}
  /// Is told what find() had to throw away, one sentence; by one thread at a time.
  void on_damage(std::function<void(std::string_view)> tell) { tell_ = std::move(tell); }

  struct Found {
    BootSnapshot snapshot;
    std::filesystem::path file;  ///< QEMU's migration stream
    Descriptor state;            ///< the same, open: it stays readable when the file goes
  };
  /// A damaged one is none; one whose state is not what was kept is removed, too.
  std::optional<Found> find(const std::string& key) const;
  /// `write_state` fills the file that it is given. What it throws passes through, and nothing is kept then.
  /// Takes the place of an earlier one. Throws SimulationError when the folder cannot be written.
  void keep(const std::string& key, const BootSnapshot& snapshot,
            const std::function<void(const std::filesystem::path& file, int fd)>& write_state) const;
  void remove(const std::string& key) const;

  struct Usage {
    size_t snapshots = 0;
    int64_t bytes = 0;
  };
  Usage usage() const;
  /// Removes all snapshots, and nothing else that lies in the folder.
  void clear() const;
  const std::filesystem::path& folder() const { return folder_; }

 private:
  void trim(const std::string& spared) const;
  void throw_away(const std::string& key) const;

  std::filesystem::path folder_;
  int64_t limit_;
  std::function<void(std::string_view)> tell_;
  mutable std::mutex telling_;
};

}  // namespace xedgesim::vm
