#pragma once
#include <cstdint>

namespace xedgesim::isa::arm {

/// The system timer (ARMv7-M ARM B3.3), computed from the cycle count: nothing ticks. Only the processor
/// clock; SYST_CALIB says that there is no reference clock.
class SysTick {
 public:
  static constexpr uint64_t kNever = UINT64_MAX;
  void reset() { *this = SysTick(); }

  uint32_t read_csr();
  void write_csr(uint32_t value, uint64_t now);
  uint32_t read_rvr() const { return reload_; }
  void write_rvr(uint32_t value) { reload_ = value & 0xFFFFFF; }
  uint32_t read_cvr(uint64_t now) const;
  void write_cvr(uint64_t now);

  /// Cycle at which the counter next goes from 1 to 0 and must be told by expire(); kNever when it stands
  /// still.
  uint64_t due() const { return zero_at_; }
  /// Cycle of the next exception: due(), but only with TICKINT.
  uint64_t next_exception() const { return tickint_ ? zero_at_ : kNever; }
  /// The counter reached zero at or before `now`. True: the exception is to be made pending.
  bool expire(uint64_t now);

 private:
  void start(uint64_t now, uint32_t current);

  bool enabled_ = false, tickint_ = false, countflag_ = false;
  uint32_t reload_ = 0;
  uint32_t stopped_at_ = 0;  // the value while disabled or at rest
  uint64_t zero_at_ = kNever;
  uint64_t at_zero_ = kNever;  // the one cycle of a period in which the counter reads 0
};

}  // namespace xedgesim::isa::arm
