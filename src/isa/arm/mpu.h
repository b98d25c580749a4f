#pragma once
#include <array>
#include <cstdint>

namespace xedgesim::isa::arm {

/// Memory protection unit of ARMv7-M (PMSAv7, DDI 0403 B3.5): eight regions over the default memory map.
/// Memory types and cache attributes (TEX, S, C, B) are kept but have no effect.
class Mpu {
 public:
  static constexpr unsigned kRegions = 8;
  /// Registers from MPU_TYPE (0xE000ED90) to MPU_RASR_A3 (0xE000EDB8), by offset in the System Control Space.
  static constexpr uint32_t kFirstRegister = 0xD90, kLastRegister = 0xDB8;

  uint32_t read(uint32_t offset) const;
  void write(uint32_t offset, uint32_t value);

  bool enabled() const { return ctrl_ & 1; }
  /// MPU_CTRL.HFNMIENA: also at priorities below 0 (HardFault, NMI, FAULTMASK).
  bool guards_fault_handlers() const { return ctrl_ & 2; }

  struct Rights {
    bool read = false, write = false, execute = false;
    bool include(const Rights& other) const {
      return read >= other.read && write >= other.write && execute >= other.execute;
    }
  };
  /// What the enabled unit allows at `address`, outside the private peripheral bus (which it does not guard).
  Rights rights(uint32_t address, bool privileged) const;

  /// First address above `address` at which the rights may change; 0 when there is none.
  uint32_t next_edge(uint32_t address) const;

 private:
  struct Region {
    uint32_t rbar = 0, rasr = 0;
    bool enabled() const { return rasr & 1; }
    unsigned size_exponent() const { return (rasr >> 1 & 31) + 1; }  ///< 5..32
    uint32_t base() const { return size_exponent() == 32 ? 0 : rbar & ~((1u << size_exponent()) - 1); }
    bool covers(uint32_t address) const;
  };
  uint32_t ctrl_ = 0, rnr_ = 0;
  std::array<Region, kRegions> regions_{};
};

/// Regions without execute permission in the default memory map (B3.1): peripherals, devices, system.
constexpr bool never_executes(uint32_t address) {
  const uint32_t region = address >> 29;
  return region == 2 || region >= 5;
}
/// Private peripheral bus (B3.1).
constexpr bool is_private(uint32_t address) { return address >> 20 == 0xE00; }

}  // namespace xedgesim::isa::arm
