#pragma once
#include <array>
#include <cstdint>

namespace xedgesim::isa::arm {

/// Data-address comparators of the Data Watchpoint and Trace unit (ARMv7-M ARM C1.8).
///
/// Limits: of DWT_FUNCTION only the watchpoints on data addresses (5 read, 6 write, 7 both); no comparison of
/// the PC, of data values or of CYCCNT, no trace packets.
class Watchpoints {
 public:
  static constexpr unsigned kComparators = 4;
  /// DWT_COMP0 to DWT_FUNCTION3, by offset in the DWT.
  static constexpr uint32_t kFirstRegister = 0x20, kLastRegister = 0x5C;

  uint32_t read(uint32_t offset);
  void write(uint32_t offset, uint32_t value);

  bool any() const;
  /// An access of `width` bytes happens: sets MATCHED of each comparator it fits. True when there is one.
  bool match(uint32_t address, unsigned width, bool write);
  /// `address` is in a watched range.
  bool covers(uint32_t address) const;
  /// First address above `address` at which covers() may change; 0 when there is none.
  uint32_t next_edge(uint32_t address) const;

 private:
  struct Comparator {
    uint32_t comp = 0, mask = 0, function = 0;
    bool active() const { return (function & 15) >= 5 && (function & 15) <= 7; }
    uint64_t size() const { return uint64_t{1} << mask; }
    uint32_t base() const { return static_cast<uint32_t>(comp & ~(size() - 1)); }
  };
  std::array<Comparator, kComparators> comparators_{};
};

}  // namespace xedgesim::isa::arm
