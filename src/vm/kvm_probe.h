#pragma once
#include <filesystem>
#include <string>

#include "vm/machine.h"
#include "vm/qemu_probe.h"

namespace xedgesim::vm {

struct KvmProbe {
  bool works = false;
  std::string reason{};  ///< why not, part of a sentence
};

/// Whether this kernel boots under KVM here: a /dev/kvm that opens says little (nested and paravirtual hosts
/// run no stock guest), so a machine is booted until it starts its init, within ten seconds. The answer is
/// kept in `cache` for as long as host, QEMU and kernel are the same.
KvmProbe probe_kvm(const Qemu& qemu, Arch arch, const std::filesystem::path& kernel,
                   const std::filesystem::path& initrd, const std::filesystem::path& cache);

}  // namespace xedgesim::vm
