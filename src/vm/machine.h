#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/memory_disk.h"

namespace xedgesim::vm {

enum class Arch : uint8_t { x86_64, aarch64 };
std::string_view to_string(Arch arch);
/// Debian's name of it: amd64, arm64.
std::string_view debian_name(Arch arch);
/// The host's own, if it is one of them.
std::optional<Arch> host_arch();

/// The hardware of a machine that boots a kernel directly.
struct Machine {
  std::string name{};
  Arch arch = Arch::x86_64;
  int64_t memory = int64_t{256} << 20;  ///< bytes
  int64_t vcpus = 1;
  std::string cpu_model{};          ///< empty: qemu64, cortex-a57
  std::vector<std::string> macs{};  ///< of its network cards: eth0, eth1, … in the guest
  std::filesystem::path kernel{}, initrd{};
  std::string kernel_args{};                                 ///< behind the console's and ours
  std::vector<std::shared_ptr<const MemoryDisk>> nvdimms{};  ///< x86-64, in virtual time: /dev/pmem0, …
};

/// How a machine in virtual time is tied to the plugin.
struct VirtualTime {
  std::filesystem::path plugin{};
  int fd = -1;              ///< end of the socket that QEMU inherits
  int shift = 3;            ///< an instruction takes 2^shift nanoseconds
  int64_t boot_second = 0;  ///< of the run, at which it is switched on: added to kEpoch for its clock
};
constexpr int64_t kEpoch = 1'704'067'200;  ///< what guests take for the date at the start: 2024-01-01, UTC

/// The argument vector of QEMU for a machine in virtual time: repeatable devices only
/// (docs/linux-machines.md).
std::vector<std::string> virtual_time_arguments(const Machine& machine, const VirtualTime& time);

/// -kernel, -initrd and -append: the console first, then `more` (begins with a space), then the machine's own
/// arguments.
std::vector<std::string> kernel_arguments(const Machine& machine, std::string_view more = {});

/// Device name of the first serial port in the guest.
std::string_view console_device(Arch arch);

}  // namespace xedgesim::vm
