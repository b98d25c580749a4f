#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "vm/machine.h"
#include "vm/qemu_probe.h"
#include "vm/qemu_process.h"
#include "vm/shared_core.h"
#include "vm/snapshot_store.h"
#include "vm/vt_channel.h"

namespace xedgesim::vm {

/// QEMU with the virtual-time plugin, from its start to its end. Times are the machine's own.
class VtMachine {
 public:
  struct Config {
    Machine machine;       ///< its initrd is laid under `settings`; may be empty
    std::string settings;  ///< a cpio archive
    Qemu qemu;
    std::filesystem::path plugin;
    std::filesystem::path folder;         ///< for QEMU's own files
    int64_t boot_second = 0;              ///< of the run
    Duration patience = Duration::s(60);  ///< wall time for one answer
    bool takes_turns = false;             ///< while it runs, nothing else of ours does
  };
  /// Switched on; meet() comes first. Throws ConfigError, SimulationError.
  explicit VtMachine(const Config& config);
  /// As it was when the snapshot was taken, of the same boot_key(): it goes on as it did then, to the
  /// instruction.
  VtMachine(const Config& config, SnapshotStore::Found from);
  ~VtMachine();

  /// A hash of everything that decides how it boots: QEMU, plugin, arguments, kernel, RAM disk, settings.
  static std::string boot_key(const Config& config);

  /// Where it stands at first; appends what it has sent.
  VtChannel::Standing meet(std::vector<VtChannel::Record>& sent);
  /// As VtChannel::go().
  VtChannel::Standing go(VtChannel::Leave leave, const std::vector<VtChannel::Record>& inputs,
                         std::vector<VtChannel::Record>& sent);
  /// Keeps the machine as it stands; nothing must be on its way to it. Throws SimulationError when that
  /// cannot be; the machine is as before then, unless QEMU itself is gone.
  void keep(const SnapshotStore& store, const std::string& key, BootSnapshot snapshot);

  /// It is to end, or has switched itself off: QEMU's exit code, once it has.
  int wait_for_end();
  /// Ends QEMU at once.
  void end() noexcept;
  /// Why QEMU ended; empty while it runs.
  std::string obituary() { return qemu_.obituary(); }

 private:
  VtMachine(const Config& config, std::pair<Descriptor, Descriptor> sockets,
            const SnapshotStore::Found* from);
  void restore();
  /// Lets a stopped machine run.
  void go_on();
  void await(const std::function<bool()>& done) const;

  Duration patience_;
  bool takes_files_;  // this QEMU's migration reads and writes files by name
  VtChannel channel_;
  std::optional<SnapshotStore::Found> from_;
  std::filesystem::path initrd_;
  QemuProcess qemu_;
  std::optional<SharedCore> core_;  // when it takes turns with us
};

}  // namespace xedgesim::vm
