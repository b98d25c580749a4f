#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "isa/core.h"

namespace xedgesim::debugger {

/// The registers as GDB numbers them by the description we give it (GDB manual, "ARM Features"): r0 to r12,
/// sp, lr, pc, xpsr (org.gnu.gdb.arm.m-profile), msp, psp, primask, basepri, faultmask, control (m-system),
/// and with a floating-point unit d0 to d15 and fpscr (vfp).
class RegisterFile {
 public:
  explicit RegisterFile(bool floating_point) : floating_point_(floating_point) {}

  /// target.xml
  std::string description() const;
  unsigned count() const;
  /// Little-endian hexadecimal digits; none when there is no such register.
  std::optional<std::string> read(const isa::Registers& registers, unsigned number) const;
  /// False when there is no such register or the digits are not its size.
  bool write(isa::Registers& registers, unsigned number, std::string_view digits) const;

 private:
  bool floating_point_;
};

}  // namespace xedgesim::debugger
