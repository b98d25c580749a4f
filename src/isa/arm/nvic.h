#pragma once
#include <array>
#include <cstdint>

namespace xedgesim::isa::arm {

/// Exception numbers (ARMv7-M ARM B1.5.2).
enum Exception : unsigned {
  kReset = 1,
  kNmi = 2,
  kHardFault = 3,
  kMemManage = 4,
  kBusFault = 5,
  kUsageFault = 6,
  kSvcall = 11,
  kDebugMonitor = 12,
  kPendSv = 14,
  kSysTick = 15,
  kFirstIrq = 16
};

/// Which exceptions are enabled, pending and active, and with what priority (B1.5.4, B3.4). Knows neither
/// stacks nor registers. Numbers are exception numbers; an external interrupt is kFirstIrq + its line.
class Nvic {
 public:
  /// Priority of Thread mode with nothing active: lower than every configurable priority.
  static constexpr int kThreadPriority = 256;

  Nvic(unsigned irq_count, unsigned priority_bits);
  void reset();

  unsigned exception_count() const { return count_; }
  bool is_pending(unsigned n) const { return get(pending_, n); }
  bool is_active(unsigned n) const { return get(active_, n); }
  bool is_enabled(unsigned n) const { return get(enabled_, n); }
  void set_enabled(unsigned n, bool on);
  void set_pending(unsigned n);
  /// A line that is still high pends again at once.
  void clear_pending(unsigned n);
  /// Level of an external line; a rising edge makes it pending.
  void set_line(unsigned n, bool level);
  /// Entry: no longer pending, active.
  void activate(unsigned n);
  /// Return: a line that is still high pends again.
  void deactivate(unsigned n);
  /// SHCSR may set and clear active bits of system exceptions directly.
  void set_active(unsigned n, bool on);
  /// Undo of activate() for a late-arriving exception.
  void revert_to_pending(unsigned n);

  /// Only implemented bits are kept; the fixed priorities cannot be set.
  void set_priority(unsigned n, uint8_t value);
  uint8_t priority_byte(unsigned n) const { return n < count_ ? priority_[n] : 0; }
  uint8_t implemented_mask() const { return implemented_; }
  void set_grouping(unsigned prigroup);
  unsigned grouping() const { return prigroup_; }

  /// Group (pre-emption) priority: -3 reset, -2 NMI, -1 HardFault, else 0..255.
  int group_priority(unsigned n) const;
  int group_of(uint8_t priority) const { return priority & group_mask_; }

  /// Enabled pending exception with the best (group, sub, number), or 0.
  unsigned best_pending() const { return best_pending_; }
  int best_pending_priority() const { return best_pending_priority_; }
  /// Best group priority of all active exceptions, kThreadPriority without any.
  int active_priority() const { return active_priority_; }
  unsigned active_count() const;
  bool any_pending() const;
  /// 32 exceptions' bits starting at `first` (multiple of 8), for the SCS registers.
  uint32_t pending_word(unsigned first) const { return word(pending_, first); }
  uint32_t active_word(unsigned first) const { return word(active_, first); }
  uint32_t enabled_word(unsigned first) const { return word(enabled_, first); }

 private:
  static constexpr unsigned kWords = 8;  // 256 exceptions
  using Bits = std::array<uint32_t, kWords>;
  static bool get(const Bits& b, unsigned n) { return b[n >> 5] >> (n & 31) & 1; }
  static void put(Bits& b, unsigned n, bool v);
  static uint32_t word(const Bits& b, unsigned first);
  int full_priority(unsigned n) const;
  void update_pending();
  void update_active();

  unsigned count_;
  uint8_t implemented_;
  unsigned prigroup_ = 0;
  int group_mask_ = 0xFE;
  Bits enabled_{}, pending_{}, active_{}, line_{};
  std::array<uint8_t, 256> priority_{};
  unsigned best_pending_ = 0;
  int best_pending_priority_ = kThreadPriority;
  int active_priority_ = kThreadPriority;
};

}  // namespace xedgesim::isa::arm
