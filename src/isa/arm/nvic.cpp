#include "isa/arm/nvic.h"

#include <bit>

namespace xedgesim::isa::arm {

Nvic::Nvic(unsigned irq_count, unsigned priority_bits)
    : count_(kFirstIrq + irq_count), implemented_(static_cast<uint8_t>(0xFF00u >> priority_bits)) {
  reset();
}

void Nvic::reset() {
  // Lines are inputs: they keep their level over a reset.
  enabled_ = pending_ = active_ = {};
  priority_ = {};
  for (unsigned n : {kReset, kNmi, kHardFault, kSvcall, kPendSv, kSysTick}) put(enabled_, n, true);
  set_grouping(0);
  for (unsigned n = kFirstIrq; n < count_; ++n)
    if (get(line_, n)) put(pending_, n, true);
  update_pending();
  update_active();
}

void Nvic::put(Bits& b, unsigned n, bool v) {
  const uint32_t bit = 1u << (n & 31);
  b[n >> 5] = v ? b[n >> 5] | bit : b[n >> 5] & ~bit;
}

uint32_t Nvic::word(const Bits& b, unsigned first) {
  const unsigned i = first >> 5, shift = first & 31;
  if (i >= kWords) return 0;
  uint32_t v = b[i] >> shift;
  if (shift && i + 1 < kWords) v |= b[i + 1] << (32 - shift);
  return v;
}

void Nvic::set_enabled(unsigned n, bool on) {
  put(enabled_, n, on);
  update_pending();
}

void Nvic::set_pending(unsigned n) {
  put(pending_, n, true);
  update_pending();
}

void Nvic::clear_pending(unsigned n) {
  put(pending_, n, get(line_, n) && !get(active_, n));
  update_pending();
}

void Nvic::set_line(unsigned n, bool level) {
  if (get(line_, n) == level) return;
  put(line_, n, level);
  if (level) set_pending(n);
}

void Nvic::activate(unsigned n) {
  put(pending_, n, false);
  put(active_, n, true);
  update_pending();
  update_active();
}

void Nvic::deactivate(unsigned n) {
  put(active_, n, false);
  if (get(line_, n)) put(pending_, n, true);
  update_pending();
  update_active();
}

void Nvic::set_active(unsigned n, bool on) {
  put(active_, n, on);
  update_active();
}

void Nvic::revert_to_pending(unsigned n) {
  put(active_, n, false);
  put(pending_, n, true);
  update_pending();
  update_active();
}

void Nvic::set_priority(unsigned n, uint8_t value) {
  if (n <= kHardFault || n >= count_) return;
  priority_[n] = value & implemented_;
  update_pending();
  update_active();
}

void Nvic::set_grouping(unsigned prigroup) {
  prigroup_ = prigroup & 7;
  group_mask_ = 0xFF & ~((2 << prigroup_) - 1);
  update_pending();
  update_active();
}

int Nvic::full_priority(unsigned n) const { return n <= kHardFault ? static_cast<int>(n) - 4 : priority_[n]; }

int Nvic::group_priority(unsigned n) const {
  return n <= kHardFault ? static_cast<int>(n) - 4 : group_of(priority_[n]);
}

void Nvic::update_pending() {
  best_pending_ = 0;
  int best = kThreadPriority;
  for (unsigned i = 0; i < kWords; ++i) {
    for (uint32_t w = pending_[i] & enabled_[i]; w; w &= w - 1) {
      const unsigned n = i * 32 + static_cast<unsigned>(std::countr_zero(w));
      if (const int p = full_priority(n); p < best) {
        best = p;
        best_pending_ = n;
      }
    }
  }
  best_pending_priority_ = best_pending_ ? group_priority(best_pending_) : kThreadPriority;
}

void Nvic::update_active() {
  active_priority_ = kThreadPriority;
  for (unsigned i = 0; i < kWords; ++i)
    for (uint32_t w = active_[i]; w; w &= w - 1) {
      const int p = group_priority(i * 32 + static_cast<unsigned>(std::countr_zero(w)));
      if (p < active_priority_) active_priority_ = p;
    }
}

unsigned Nvic::active_count() const {
  unsigned n = 0;
  for (uint32_t w : active_) n += static_cast<unsigned>(std::popcount(w));
  return n;
}

bool Nvic::any_pending() const {
  uint32_t any = 0;
  for (uint32_t w : pending_) any |= w;
  return any != 0;
}

}  // namespace xedgesim::isa::arm
