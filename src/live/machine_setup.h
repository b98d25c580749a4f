#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "system/machines.h"
#include "vm/cgroup.h"
#include "vm/qemu_probe.h"
#include "vm/wall_machine.h"

namespace xedgesim::live {

/// All it takes to start a machine of a scenario on this host.
struct MachineSetup {
  std::string id{};
  vm::Qemu qemu{};
  vm::Machine machine{};   ///< its initrd is the image's: the settings come behind it
  std::string settings{};  ///< a cpio archive; empty for a disk image
  std::vector<vm::WallDisk> disks{};
  std::optional<vm::UefiFirmware> uefi{};  ///< starts a disk image; its variables are the pattern
  int64_t data_disk = 0;                   ///< bytes of an empty disk that is made at the start; 0: none
  vm::Limits limits{};
  bool kvm = false;
  std::string no_kvm{};     ///< why not
  std::string unlimited{};  ///< limits that cannot be set here and need not be (limits: best-effort)
};

/// The limits of the host a node asks for.
vm::Limits limits_of(const scenario::LinuxNode& node);
/// What of them cannot be set here and need not be. Throws ConfigError when it must.
std::string refused_limits(const scenario::LinuxNode& node);

/// Throws ConfigError when this host cannot set the limits a machine of the scenario wants; for `validate`.
void check_limits(const scenario::Scenario& scenario);

/// Throws ConfigError for what is missing on this host, or cannot be set.
MachineSetup machine_setup(const system::MachineNode& machine, const system::K3sPlan* k3s = nullptr);

}  // namespace xedgesim::live
