// Access to the floating-point unit and lazy state preservation (ARMv7-M ARM B1.5.7, ExecuteFPCheck).
#include <algorithm>

#include "isa/arm/cpu.h"
#include "isa/arm/host_fp.h"

namespace xedgesim::isa::arm {

void Cpu::fold_fp_flags() {
  if (fp_mode != FpMode::host || !running_) return;  // outside run() the host's flags are not the guest's
  if (const uint32_t f = host_fp::flags()) {
    fpscr |= f;
    host_fp::clear();
  }
}

void Cpu::update_fp_mode() {
  const bool opened = sys.control & SystemRegisters::kFpca || !(sys.fpccr & fpccr::kAspen);
  FpMode mode = FpMode::not_ready;
  if (opened && sys.fp_enabled(privileged()) && !(sys.fpccr & fpccr::kLspAct))
    mode = fpscr & 0x01C00000 ? FpMode::exact : FpMode::host;
  if (mode == fp_mode) return;
  fold_fp_flags();
  if (mode == FpMode::host) host_fp::clear();
  fp_mode = mode;
}

bool Cpu::prepare_fp(const Op& op) {
  if (!sys.fp_enabled(privileged())) {
    fault(op, kUsageFault, cfsr::kNoCp);
    return false;
  }
  if (sys.fpccr & fpccr::kLspAct) {
    const Outcome preserved = preserve_fp_state();
    if (preserved == Outcome::bus_error) fault(op, kBusFault, cfsr::kLspErr);
    if (preserved == Outcome::violation) fault(op, kMemManage, cfsr::kMLspErr);
    if (preserved != Outcome::done) return false;
  }
  if (sys.fpccr & fpccr::kAspen && !(sys.control & SystemRegisters::kFpca)) {
    sys.control |= SystemRegisters::kFpca;
    fpscr = sys.fpdscr & 0x07C00000;
  }
  update_fp_mode();
  return true;
}

/// PreserveFPState: the frame was reserved at exception entry. The stores use the 17 cycles TRM 3.3.3 gives.
Cpu::Outcome Cpu::preserve_fp_state() {
  Outcome worst = Outcome::done;
  const auto put = [&](uint32_t address, uint32_t word) {
    worst = std::max(worst, checked_write(address, 4, word));
  };
  const bool as_user = sys.fpccr & fpccr::kUser;  // whose state it is
  if (as_user) set_user_access(true);
  for (uint32_t i = 0; i < 16; ++i) put(sys.fpcar + 4 * i, s[i]);
  put(sys.fpcar + 0x40, fpscr);
  if (as_user) set_user_access(false);
  sys.fpccr &= ~fpccr::kLspAct;
  cycles_ += 17;
  return worst;
}

uint32_t Cpu::read_fpscr() {
  fold_fp_flags();
  return fpscr;
}

void Cpu::write_fpscr(uint32_t value) {
  if (fp_mode == FpMode::host) host_fp::clear();
  fpscr = value & 0xF7C0009F;
  update_fp_mode();
}

}  // namespace xedgesim::isa::arm
