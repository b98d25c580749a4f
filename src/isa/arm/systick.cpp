#include "isa/arm/systick.h"

namespace xedgesim::isa::arm {

uint32_t SysTick::read_csr() {
  const uint32_t v = (enabled_ ? 1u : 0) | (tickint_ ? 2u : 0) | 4u | (countflag_ ? 1u << 16 : 0);
  countflag_ = false;
  return v;
}

void SysTick::start(uint64_t now, uint32_t current) {
  // From zero the next clock loads RVR; with RVR 0 the counter stays at rest.
  if (current != 0) {
    zero_at_ = now + current;
  } else {
    zero_at_ = reload_ ? now + 1 + reload_ : kNever;
    stopped_at_ = 0;
    at_zero_ = now;
  }
}

void SysTick::write_csr(uint32_t value, uint64_t now) {
  const bool enable = value & 1;
  tickint_ = value & 2;
  if (enable && !enabled_) {
    enabled_ = true;
    start(now, stopped_at_);
  } else if (!enable && enabled_) {
    stopped_at_ = read_cvr(now);
    enabled_ = false;
    zero_at_ = kNever;
  }
}

uint32_t SysTick::read_cvr(uint64_t now) const {
  if (!enabled_ || zero_at_ == kNever) return stopped_at_;
  return now == at_zero_ || now >= zero_at_ ? 0 : static_cast<uint32_t>(zero_at_ - now);
}

void SysTick::write_cvr(uint64_t now) {
  countflag_ = false;
  stopped_at_ = 0;
  if (enabled_) start(now, 0);
}

bool SysTick::expire(uint64_t now) {
  if (now < zero_at_) return false;
  countflag_ = true;
  if (reload_ == 0) {
    zero_at_ = kNever;
    stopped_at_ = 0;
    return tickint_;
  }
  const uint64_t period = uint64_t{reload_} + 1;
  at_zero_ = zero_at_ + (now - zero_at_) / period * period;
  zero_at_ = at_zero_ + period;
  return tickint_;
}

}  // namespace xedgesim::isa::arm
