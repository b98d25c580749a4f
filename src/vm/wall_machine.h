#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vm/boot_files.h"
#include "vm/machine.h"

namespace xedgesim::vm {

struct WallDisk {
  std::filesystem::path file{};
  bool read_only = false;
  bool discard_writes = false;  ///< what is written lasts as long as QEMU
  bool qcow2 = false;           ///< else raw
};

/// How a machine on the wall clock is tied to us: ends of sockets that QEMU inherits.
struct WallSockets {
  std::vector<int> networks{};  ///< one a card: frames, each behind its length in 4 bytes, highest first
  int console = -1;
  int agent = -1;  ///< virtio-serial port org.xedgesim.agent
};

/// The argument vector of QEMU for a machine on the wall clock. It ends when the guest switches off or
/// resets. Without a kernel the first disk is booted: by `uefi`, whose variables are the machine's own, else
/// by BIOS.
std::vector<std::string> wall_arguments(const Machine& machine, bool kvm, const std::vector<WallDisk>& disks,
                                        const WallSockets& sockets, const std::optional<UefiFirmware>& uefi);

/// QEMU's name of the processor: the scenario's; host and its kin become `max` where KVM does not run.
std::string wall_cpu(const Machine& machine, bool kvm);
/// A text in an option list of QEMU, where a comma is written twice.
std::string escaped(const std::string& text);

/// qcow2 by its first bytes, else raw. Throws ConfigError when the file cannot be read, is empty, or is a
/// qcow2 file whose head makes no sense.
bool is_qcow2(const std::filesystem::path& file);

}  // namespace xedgesim::vm
