#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "vm/machine.h"

namespace xedgesim::vm {

/// Writes the initial RAM disk a machine boots with: the image's (`base` may be empty) with the machine's own
/// `settings` behind it, since cpio archives may follow one another. Throws SimulationError.
void write_initrd(const std::filesystem::path& file, const std::filesystem::path& base,
                  std::string_view settings);

/// UEFI for machines that boot a disk image, as flash: a file of code that all share, and one of variables,
/// of which every machine has its own copy.
struct UefiFirmware {
  std::filesystem::path code{}, variables{};
};

/// Of Debian's qemu-efi-aarch64 or ovmf below `share`; nothing when it is not installed.
std::optional<UefiFirmware> find_uefi(Arch arch, const std::filesystem::path& share = "/usr/share");
/// The Debian package of it.
std::string_view uefi_package(Arch arch);

/// A copy whose zeros take no room: ARM's variables are 64 MiB of them. Throws SimulationError.
void copy_sparse(const std::filesystem::path& from, const std::filesystem::path& to);

/// Throws ConfigError when a firmware would find nothing to boot in this raw disk image: neither partition
/// table nor boot sector, a GPT whose checksum is wrong, or one that speaks of more sectors than there are
/// (UEFI 2.10, clause 5.3.2).
void check_disk_image(const std::filesystem::path& file);

}  // namespace xedgesim::vm
