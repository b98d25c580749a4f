// Who may touch what without asking (ARMv7-M ARM B3.5, C1.8). While the MPU or a watchpoint is on, the fast
// paths of the core see only the largest part of the main RAM and flash in which nothing needs a look; all
// other accesses are checked one by one, and translated code leaves every data access to the core.
//
// Limits: an image that may not be executed as a whole is run without it, some ten times slower. Only data
// accesses by instructions, fetches and stacking are checked, as the manual has it; never vector reads.
#include "isa/arm/cpu.h"

namespace xedgesim::isa::arm {
namespace {

struct Edges {
  const Mpu& mpu;
  const Watchpoints& watchpoints;
  /// First address above `address` where anything may change, at most `end`.
  uint64_t next(uint64_t address, uint64_t end) const {
    for (const uint32_t e : {mpu.next_edge(static_cast<uint32_t>(address)),
                             watchpoints.next_edge(static_cast<uint32_t>(address))})
      if (e != 0 && e < end) end = e;
    return end;
  }
};

}  // namespace

Mpu::Rights Cpu::rights(uint32_t address) const {
  if (guard_ == Guard::open) return {true, true, !never_executes(address)};
  return mpu.rights(address, guard_ == Guard::privileged);
}

/// The largest part of `block` that grants `wanted` and is not watched.
MemoryBlock Cpu::unguarded_part(const MemoryBlock& block, const Mpu::Rights& wanted) const {
  MemoryBlock best = block;
  best.size = 0;
  const uint64_t end = uint64_t{block.base} + block.size;
  uint64_t begin = block.base;
  bool open = false;
  const auto close = [&](uint64_t at) {
    if (!open || at - begin <= best.size) return;
    best.base = static_cast<uint32_t>(begin);
    best.size = static_cast<uint32_t>(at - begin) & ~3u;
    best.bytes = block.bytes + (begin - block.base);
  };
  const Edges edges{mpu, watchpoints};
  for (uint64_t at = block.base; at < end; at = edges.next(at, end)) {
    const auto address = static_cast<uint32_t>(at);
    const bool granted = rights(address).include(wanted) && !watchpoints.covers(address) && at % 4 == 0;
    if (granted && !open) begin = at;
    if (!granted) close(at);
    open = granted;
  }
  close(end);
  return best;
}

void Cpu::protection_changed() {
  views_ = {};
  apply_view();
}

void Cpu::update_protection() {
  Guard guard = Guard::open;
  if (mpu.enabled() && (mpu.guards_fault_handlers() || execution_priority() >= 0))
    guard = privileged() && !user_access_ ? Guard::privileged : Guard::unprivileged;
  if (guard == guard_) return;
  guard_ = guard;
  apply_view();
}

void Cpu::apply_view() {
  auto& view = views_[static_cast<size_t>(guard_)];
  const bool checks = guard_ != Guard::open || watchpoints.any();
  if (!view) {
    view.emplace(View{whole_ram_, whole_flash_, image_size_});
    if (checks) {
      view->ram = unguarded_part(whole_ram_, {.read = true, .write = true});
      view->flash = unguarded_part(whole_flash_, {.read = true});
      const uint64_t end = uint64_t{image_base_} + image_size_;
      for (uint64_t at = image_base_; at < end; at = Edges{mpu, watchpoints}.next(at, end))
        if (!rights(static_cast<uint32_t>(at)).include({.read = true, .execute = true}) ||
            watchpoints.covers(static_cast<uint32_t>(at)))
          view->image_size = 0;
    }
  }
  ram_ = view->ram;
  flash_ = view->flash;
  if (visible_image_ != view->image_size) {
    const uint32_t address = ip_ ? next_address() : 0;
    visible_image_ = view->image_size;
    if (ip_) jump(address);
  }
  if (checks != checked_) {
    checked_ = checks;
    if (translate_again_at_ == kNever) {
      if (translated_) retired_.push_back(std::move(translated_));
      choose_engine();
    }
  }
  jit_state.limit_seen = kNever - 1;  // translated code that called for this must come out
}

/// Without the DebugMonitor, or at its priority, a match is only noted in DWT_FUNCTION.
void Cpu::watch(uint32_t address, unsigned width, bool write) {
  if (!(sys.demcr & demcr::kTrcEna) || !watchpoints.match(address, width, write)) return;
  if (!nvic.is_enabled(kDebugMonitor) || nvic.group_priority(kDebugMonitor) >= execution_priority()) return;
  sys.dfsr |= dfsr::kDwtTrap;
  nvic.set_pending(kDebugMonitor);
  update_exceptions();
}

}  // namespace xedgesim::isa::arm
