#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "vm/machine.h"

namespace xedgesim::vm {

/// A QEMU of this host.
struct Qemu {
  std::filesystem::path binary;
  std::string version;  ///< "7.2.22"
};

/// What a probe found; `reason` is one sentence with what to do when it found nothing.
struct QemuProbe {
  std::optional<Qemu> qemu;
  std::string reason;
};

/// qemu-system-<arch> in the PATH, with its version.
QemuProbe probe_qemu(Arch arch);

/// The same, and that it can take part in virtual time: a version this was tried with (7.2, 10.0), and a
/// plugin that finds in it what it needs. Starts QEMU twice, without a machine; not where the folder `known`
/// (empty: none) has it that these very files went together. The plugin looks again in every machine.
QemuProbe probe_virtual_time(Arch arch, const std::filesystem::path& plugin,
                             const std::filesystem::path& known = {});

}  // namespace xedgesim::vm
