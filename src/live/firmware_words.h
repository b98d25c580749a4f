#pragma once
#include <string>
#include <string_view>

namespace xedgesim::live {

/// Reads along what a machine's firmware says on the console, for the words by which it gives up: a disk
/// image with nothing to boot leaves a machine standing in UEFI's shell, or in BIOS, for ever.
///
/// Limits: a disk with a file system that UEFI can read but without a loader in it is no such case: its shell
/// is there for a person (`xedgesim console`).
class FirmwareWords {
 public:
  /// More of the console. True when the firmware has found nothing to boot.
  bool feed(std::string_view bytes);

 private:
  static constexpr size_t kMost = 64 << 10;  // bytes; a firmware says less
  std::string text_;
};

/// Without a terminal's escape sequences (ECMA-48's CSI) and carriage returns.
std::string plain_text(std::string_view text);

}  // namespace xedgesim::live
