// ARMv7-M ARM A7 and B5: hints, barriers, SVC, BKPT, CPS, MRS and MSR.
#include "isa/arm/cpu.h"
#include "isa/arm/forms.h"

namespace xedgesim::isa::arm {
namespace {

void nop(Cpu&, const Op&) {}
void wfi(Cpu& c, const Op&) { c.wait_for_interrupt(); }
void wfe(Cpu& c, const Op&) { c.wait_for_event(); }
void sev(Cpu& c, const Op&) { c.send_event(); }
void clrex(Cpu& c, const Op&) { c.exclusive = false; }
void udf(Cpu& c, const Op& op) { c.undefined(op); }
void svc(Cpu& c, const Op&) { c.raise(kSvcall); }
void bkpt(Cpu& c, const Op& op) { c.breakpoint(op); }

void cps(Cpu& c, const Op& op) {
  if (!c.privileged()) return;
  const bool disable = op.imm & 16;
  if (op.imm & 2) c.sys.primask = disable;
  if (op.imm & 1 && (!disable || c.execution_priority() > -1)) c.sys.faultmask = disable;
  c.update_exceptions();
}

enum Sysm : uint8_t {
  kMsp = 8,
  kPsp = 9,
  kPrimask = 16,
  kBasepri = 17,
  kBasepriMax = 18,
  kFaultmask = 19,
  kControl = 20
};

void mrs(Cpu& c, const Op& op) {
  uint32_t v = 0;
  const bool privileged = c.privileged();
  switch (op.imm) {
    case kMsp:
      v = privileged ? c.msp() : 0;
      break;
    case kPsp:
      v = privileged ? c.psp() : 0;
      break;
    case kPrimask:
      v = privileged ? c.sys.primask : 0;
      break;
    case kBasepri:
    case kBasepriMax:
      v = privileged ? c.sys.basepri : 0;
      break;
    case kFaultmask:
      v = privileged ? c.sys.faultmask : 0;
      break;
    case kControl:
      v = c.sys.control;
      break;
    default:  // APSR, IPSR, EPSR and their combinations; EPSR reads as zero
      if (op.imm & 1 && privileged) v |= c.ipsr;
      if (!(op.imm & 4)) v |= c.apsr();
  }
  c.r[op.rd] = v;
}

void write_control(Cpu& c, uint32_t v) {
  if (!c.handler_mode()) c.set_mode(0, v & 2);
  c.sys.control = (c.sys.control & ~5u) | (v & 5);
  c.update_fp_mode();
}

void msr(Cpu& c, const Op& op) {
  const uint32_t v = c.r[op.rn];
  if (op.imm < 8) {  // APSR and combinations; op.aux: mask<1> NZCVQ, mask<0> GE
    if (op.imm & 4) return;
    if (op.aux & 2) c.set_apsr_nzcvq(v);
    if (op.aux & 1) c.ge = v >> 16 & 15;
    return;
  }
  if (!c.privileged()) return;
  // ARMv6-M has neither (DDI 0419 B4.2.3).
  if (c.baseline() && op.imm >= kBasepri && op.imm <= kFaultmask) return;
  const uint32_t priority = v & c.nvic.implemented_mask();
  switch (op.imm) {
    case kMsp:
      c.set_msp(v);
      break;
    case kPsp:
      c.set_psp(v);
      break;
    case kPrimask:
      c.sys.primask = v & 1;
      break;
    case kBasepri:
      c.sys.basepri = priority;
      break;
    case kBasepriMax:
      if (priority != 0 && (priority < c.sys.basepri || c.sys.basepri == 0)) c.sys.basepri = priority;
      break;
    case kFaultmask:
      if (!(v & 1) || c.execution_priority() > -1) c.sys.faultmask = v & 1;
      break;
    case kControl:
      write_control(c, v);
      break;
    default:
      break;
  }
  c.update_exceptions();
}

}  // namespace

void system_operation(const Fields&, const Site&, unsigned kind, Op& op) {
  static constexpr Handler kTable[] = {nop, wfi, wfe, sev, clrex, nop, udf};
  op.handler = kTable[kind];
}

void supervisor_call(const Fields& f, const Site&, unsigned, Op& op) {
  op.imm = f['i'];
  op.handler = svc;
}

void breakpoint(const Fields& f, const Site&, unsigned, Op& op) {
  op.imm = f['i'];
  op.handler = bkpt;
}

void change_processor_state(const Fields& f, const Site&, unsigned, Op& op) {
  op.imm = f['x'] << 4 | f['i'];
  op.handler = cps;
}

void move_to_special(const Fields& f, const Site&, unsigned, Op& op) {
  op.imm = f['s'];
  op.aux = static_cast<int32_t>(f['y']);
  op.handler = msr;
}

void move_from_special(const Fields& f, const Site&, unsigned, Op& op) {
  op.imm = f['s'];
  op.handler = mrs;
}

}  // namespace xedgesim::isa::arm
