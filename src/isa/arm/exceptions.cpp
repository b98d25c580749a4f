// Exception entry and return (ARMv7-M ARM B1.5).
//
// Limits: entry and return take their full time at once; an interrupt that arrives in that time is taken as a
// late arrival when no instruction of the first handler has executed yet, without further stacking cycles.
// Bus errors and MPU violations on stacking and unstacking raise derived exceptions; stores never raise
// imprecise faults.
#include <algorithm>

#include "isa/arm/cpu.h"

namespace xedgesim::isa::arm {
namespace {

constexpr uint32_t kBasicFrame = 0x20, kExtendedFrame = 0x68;

struct DerivedFault {
  uint32_t cfsr_bit;
  unsigned exception;
};
constexpr DerivedFault kOfStacking[] = {{}, {cfsr::kStkErr, kBusFault}, {cfsr::kMStkErr, kMemManage}};
constexpr DerivedFault kOfUnstacking[] = {{}, {cfsr::kUnstkErr, kBusFault}, {cfsr::kMUnstkErr, kMemManage}};

}  // namespace

int Cpu::execution_priority() const {
  int boosted = nvic.active_priority();
  if (sys.basepri) {
    const int base = nvic.group_of(static_cast<uint8_t>(sys.basepri));
    if (base < boosted) boosted = base;
  }
  if (sys.primask && boosted > 0) boosted = 0;
  if (sys.faultmask && boosted > -1) boosted = -1;
  return boosted;
}

void Cpu::update_exceptions() {
  const bool ready = nvic.best_pending() != 0 && nvic.best_pending_priority() < execution_priority();
  attention_ = ready ? attention_ | kTakeException : attention_ & ~kTakeException;
  update_protection();
  update_limit();
}

void Cpu::pend(unsigned exception) {
  if (sys.scr & 16 && !nvic.is_pending(exception)) event_ = true;  // SEVONPEND
  nvic.set_pending(exception);
  update_exceptions();
}

void Cpu::fault(const Op& op, unsigned exception, uint32_t cfsr_bits) {
  sys.cfsr |= cfsr_bits;
  jump(address_of(op));
  if (it_before_) itstate = it_before_;
  raise(exception);
}

void Cpu::raise(unsigned exception) {
  if (nvic.is_enabled(exception) && nvic.group_priority(exception) < execution_priority()) {
    nvic.set_pending(exception);
    update_exceptions();
    return;
  }
  // Escalation (B1.5.11); without room for a HardFault the core locks up (B1.5.15).
  if (execution_priority() <= -1) return lock_up();
  if (exception == kDebugMonitor)
    sys.hfsr |= hfsr::kDebugEvt;
  else
    sys.hfsr |= hfsr::kForced;
  nvic.set_pending(kHardFault);
  update_exceptions();
}

void Cpu::lock_up() {
  attention_ |= kLockedUp;
  update_limit();
}

void Cpu::set_mode(unsigned new_ipsr, bool spsel) {
  const bool before = uses_psp();
  ipsr = new_ipsr;
  sys.control = (sys.control & ~2u) | (spsel ? 2 : 0);
  if (uses_psp() != before) std::swap(r[13], other_sp);
}

Cpu::Outcome Cpu::push_frame(uint32_t return_address, uint32_t& exc_return) {
  const bool extended = sys.control & SystemRegisters::kFpca;
  const bool align = extended || sys.ccr & ccr::kStkAlign;
  const bool padded = align && r[13] & 4;
  const uint32_t frame = (r[13] - (extended ? kExtendedFrame : kBasicFrame)) & ~(align ? 4u : 0u);
  fold_fp_flags();
  const uint32_t words[] = {r[0],  r[1],  r[2],           r[3],
                            r[12], r[14], return_address, (xpsr() & ~0x200u) | (padded ? 0x200u : 0)};
  exc_return = handler_mode() ? 0xFFFFFFF1 : sys.control & 2 ? 0xFFFFFFFD : 0xFFFFFFF9;
  if (extended) exc_return &= ~0x10u;
  r[13] = frame;
  Outcome worst = Outcome::done;
  const auto put = [&](uint32_t address, uint32_t word) {
    worst = std::max(worst, checked_write(address, 4, word));
  };
  for (uint32_t i = 0; i < 8; ++i) put(frame + 4 * i, words[i]);
  if (extended) {
    if (sys.fpccr & fpccr::kLspen) {
      const int priority = execution_priority();
      const auto ready = [&](unsigned n) { return nvic.is_enabled(n) && nvic.group_priority(n) < priority; };
      sys.fpcar = frame + kBasicFrame;
      sys.fpccr = (sys.fpccr & (fpccr::kAspen | fpccr::kLspen)) | fpccr::kLspAct |
                  (privileged() ? 0 : fpccr::kUser) | (handler_mode() ? 0 : fpccr::kThread) |
                  (priority > -1 ? fpccr::kHfRdy : 0) | (ready(kMemManage) ? fpccr::kMmRdy : 0) |
                  (ready(kBusFault) ? fpccr::kBfRdy : 0) | (ready(kDebugMonitor) ? fpccr::kMonRdy : 0);
    } else {
      for (uint32_t i = 0; i < 16; ++i) put(frame + kBasicFrame + 4 * i, s[i]);
      put(frame + 0x60, fpscr);
      cycles_ += 17;
    }
  }
  return worst;
}

void Cpu::enter_handler(unsigned n, uint32_t exc_return) {
  uint32_t vector = 0;
  if (!raw_read(sys.vtor + 4 * n, 4, vector)) {
    sys.hfsr |= hfsr::kVectTbl;
    if (n == kHardFault || n == kNmi || !raw_read(sys.vtor + 4 * kHardFault, 4, vector)) return lock_up();
    n = kHardFault;
  }
  nvic.activate(n);
  set_mode(n, false);
  sys.control &= ~SystemRegisters::kFpca;
  r[14] = exc_return;
  itstate = 0;
  thumb = vector & 1;
  attention_ = thumb ? attention_ & ~kNotThumb : attention_ | kNotThumb;
  event_ = true;
  exclusive = false;
  entered_at_ = instructions_;
  entry_exc_return_ = exc_return;
  jump(vector & ~1u);
  update_fp_mode();
  update_exceptions();
}

void Cpu::take_exception(unsigned n) {
  if (entered_at_ == instructions_ && handler_mode()) {  // late arrival: the frame is there already
    nvic.revert_to_pending(ipsr);
    return enter_handler(n, entry_exc_return_);
  }
  cycles_ += model_->entry;
  uint32_t exc_return = 0;
  if (const Outcome stacked = push_frame(next_address(), exc_return); stacked != Outcome::done) {
    const DerivedFault& derived = kOfStacking[static_cast<size_t>(stacked)];
    sys.cfsr |= derived.cfsr_bit;
    raise(derived.exception);
    if (attention_ & kLockedUp) return;
    // The derived exception is taken first when its priority is higher; the other stays pending.
    if (nvic.best_pending() != n) n = nvic.best_pending();
  }
  enter_handler(n, exc_return);
}

Cpu::Outcome Cpu::pop_frame(uint32_t exc_return) {
  const bool extended = !(exc_return & 0x10);
  const uint32_t frame = r[13];
  uint32_t words[8];
  for (uint32_t i = 0; i < 8; ++i)
    if (const Outcome o = checked_read(frame + 4 * i, 4, words[i]); o != Outcome::done) return o;
  if (extended) {
    if (sys.fpccr & fpccr::kLspAct) {
      sys.fpccr &= ~fpccr::kLspAct;  // never stacked: the registers still hold the state
    } else {
      uint32_t status = 0;
      for (uint32_t i = 0; i < 16; ++i)
        if (const Outcome o = checked_read(frame + kBasicFrame + 4 * i, 4, s[i]); o != Outcome::done)
          return o;
      if (const Outcome o = checked_read(frame + 0x60, 4, status); o != Outcome::done) return o;
      fpscr = status & 0xF7C0009F;
      cycles_ += 17;
    }
  }
  sys.control = (sys.control & ~SystemRegisters::kFpca) | (extended ? SystemRegisters::kFpca : 0);
  for (uint32_t i = 0; i < 4; ++i) r[i] = words[i];
  r[12] = words[4];
  r[14] = words[5];
  const bool align = extended || sys.ccr & ccr::kStkAlign;
  r[13] = (frame + (extended ? kExtendedFrame : kBasicFrame)) | (align && words[7] & 0x200 ? 4 : 0);
  const unsigned mode = ipsr;
  set_xpsr(words[7]);
  last_popped_xpsr_ = words[7];
  ipsr = mode;  // changed by set_mode() only
  attention_ = thumb ? attention_ & ~kNotThumb : attention_ | kNotThumb;
  jump(words[6] & ~1u);
  return Outcome::done;
}

void Cpu::exception_return(const Op& op, uint32_t exc_return) {
  (void)op;
  fold_fp_flags();
  const unsigned returning = ipsr;
  const unsigned kind = exc_return & 15;
  const unsigned nested = nvic.active_count();
  bool legal = (exc_return & 0x0FFFFFE0) == 0x0FFFFFE0 && nvic.is_active(returning);
  switch (kind) {
    case 1:
      legal &= nested > 1;
      break;
    case 9:
    case 13:
      legal &= nested == 1 || (sys.ccr & ccr::kNonBaseThrdEna) != 0;
      break;
    default:
      legal = false;
  }
  nvic.deactivate(returning);
  if (returning != kNmi) sys.faultmask = 0;
  event_ = true;
  exclusive = false;
  const auto chain = [&](uint32_t cfsr_bit, unsigned exception) {
    if (cfsr_bit) {
      sys.cfsr |= cfsr_bit;
      raise(exception);
      if (attention_ & kLockedUp) return;
    }
    cycles_ += model_->tail_chain;
    enter_handler(nvic.best_pending(),
                  cfsr_bit == cfsr::kInvPc ? 0xF0000000 | (exc_return & 0x0FFFFFFF) : exc_return);
  };
  if (!legal) return chain(cfsr::kInvPc, kUsageFault);
  update_exceptions();
  if (attention_ & kTakeException) return chain(0, 0);

  set_mode(kind == 1 ? returning : 0, kind == 13);
  update_protection();  // the frame is read with the rights of the mode that is returned to
  if (const Outcome unstacked = pop_frame(exc_return); unstacked != Outcome::done) {
    set_mode(returning, false);
    const DerivedFault& derived = kOfUnstacking[static_cast<size_t>(unstacked)];
    return chain(derived.cfsr_bit, derived.exception);
  }
  const uint32_t stacked = last_popped_xpsr_ & 0x1FF;
  if ((kind == 1) != (stacked != 0)) {
    set_mode(returning, false);
    return chain(cfsr::kInvPc, kUsageFault);
  }
  ipsr = stacked;
  cycles_ += model_->leave;
  update_fp_mode();
  update_exceptions();
  if (kind != 1 && sys.scr & 2 && nvic.active_count() == 0) wait_for_interrupt();  // SLEEPONEXIT
}

bool Cpu::wakes_up() const {
  if (attention_ & kTakeException) return true;
  if (waiting_for_event_) return event_;
  // WFI also wakes for what only PRIMASK keeps from being taken (B1.5.17).
  int priority = nvic.active_priority();
  if (sys.basepri) {
    const int base = nvic.group_of(static_cast<uint8_t>(sys.basepri));
    if (base < priority) priority = base;
  }
  if (sys.faultmask && priority > -1) priority = -1;
  return nvic.best_pending() != 0 && nvic.best_pending_priority() < priority;
}

bool Cpu::awake() const {
  if (attention_ & (kLockedUp | kExited)) return false;
  return !(attention_ & kSleeping) || wakes_up();
}

void Cpu::wait_for_interrupt() {
  waiting_for_event_ = false;
  attention_ |= kSleeping;
  update_limit();
}

void Cpu::wait_for_event() {
  if (event_) {
    event_ = false;
    return;
  }
  waiting_for_event_ = true;
  attention_ |= kSleeping;
  update_limit();
}

void Cpu::request_reset() {
  attention_ |= kResetRequested;
  update_limit();
  host_.system_reset_requested();
}

void Cpu::exit() {
  attention_ |= kExited;
  update_limit();
}

void Cpu::breakpoint(const Op& op) {
  constexpr uint32_t kSemihostingCall = 0xAB;
  if (config_.semihosting && op.imm == kSemihostingCall) return semihosting_call(*this);
  const uint32_t address = address_of(op);
  if (breakpoint_told_ &&
      breakpoint_at_ == address) {  // told once and run on: as hardware without a debugger
    breakpoint_told_ = false;
    sys.dfsr |= 2;
    return fault(op, kDebugMonitor, 0);
  }
  breakpoint_told_ = true;
  breakpoint_at_ = address;
  --instructions_;
  cycles_ -= op.cycles;
  jump(address);
  if (it_before_) itstate = it_before_;
  attention_ |= kBreakpoint;
  update_limit();
}

void Cpu::set_irq(unsigned irq, bool level) {
  const unsigned n = kFirstIrq + irq;
  if (n >= nvic.exception_count()) return;
  const bool before = nvic.is_pending(n);
  nvic.set_line(n, level);
  if (!before && nvic.is_pending(n) && sys.scr & 16) event_ = true;
  update_exceptions();
}

void Cpu::set_event() { event_ = true; }

void Cpu::skip_to(uint64_t cycle) {
  if (cycle > cycles_) cycles_ = cycle;
  if (cycles_ >= systick.due() && systick.expire(cycles_)) pend(kSysTick);
}

}  // namespace xedgesim::isa::arm
