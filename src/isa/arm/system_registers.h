#pragma once
#include <cstdint>

namespace xedgesim::isa::arm {

/// Bits of the Configurable Fault Status Register (B3.2.15).
namespace cfsr {
inline constexpr uint32_t kIAccViol = 1u << 0, kDAccViol = 1u << 1, kMUnstkErr = 1u << 3, kMStkErr = 1u << 4,
                          kMLspErr = 1u << 5, kMmArValid = 1u << 7, kIBusErr = 1u << 8, kPrecisErr = 1u << 9,
                          kUnstkErr = 1u << 11, kStkErr = 1u << 12, kLspErr = 1u << 13, kBfArValid = 1u << 15,
                          kUndefInstr = 1u << 16, kInvState = 1u << 17, kInvPc = 1u << 18, kNoCp = 1u << 19,
                          kUnaligned = 1u << 24, kDivByZero = 1u << 25;
}  // namespace cfsr
namespace hfsr {
inline constexpr uint32_t kVectTbl = 1u << 1, kForced = 1u << 30, kDebugEvt = 1u << 31;
}
namespace dfsr {
inline constexpr uint32_t kDwtTrap = 1u << 2;
}
namespace demcr {
inline constexpr uint32_t kMonEn = 1u << 16, kMonPend = 1u << 17, kTrcEna = 1u << 24;
}
namespace ccr {
inline constexpr uint32_t kNonBaseThrdEna = 1, kUserSetMPend = 2, kUnalignTrp = 8, kDiv0Trp = 16,
                          kBfhfNmiIgn = 1u << 8, kStkAlign = 1u << 9;
}
namespace fpccr {
inline constexpr uint32_t kAspen = 1u << 31, kLspen = 1u << 30, kMonRdy = 1u << 8, kBfRdy = 1u << 6,
                          kMmRdy = 1u << 5, kHfRdy = 1u << 4, kThread = 1u << 3, kUser = 1u << 1,
                          kLspAct = 1u;
}

/// Special-purpose registers and the plain registers of the System Control Space, with their reset values.
struct SystemRegisters {
  uint32_t primask = 0, faultmask = 0, basepri = 0;
  uint32_t control = 0;  ///< nPRIV, SPSEL, FPCA
  uint32_t vtor = 0, scr = 0, ccr = ccr::kStkAlign;
  uint32_t cfsr = 0, hfsr = 0, dfsr = 0, mmfar = 0, bfar = 0;
  uint32_t cpacr = 0, fpccr = fpccr::kAspen | fpccr::kLspen, fpcar = 0, fpdscr = 0;
  uint32_t itm_tcr = 0, itm_ter = 0;
  uint32_t demcr = 0, dwt_ctrl = 0x40000000;
  uint32_t cyccnt = 0;  ///< CYCCNT while stopped, else its value at cyccnt_since
  uint64_t cyccnt_since = 0;

  static constexpr uint32_t kFpca = 4;
  bool fp_enabled(bool privileged) const {
    const uint32_t access = cpacr >> 20 & 3;
    return access == 3 || (access == 1 && privileged);
  }
};

class Cpu;
/// Arm semihosting (IHI 0047): operation in r0, argument in r1, result in r0 (semihosting.cpp).
void semihosting_call(Cpu& cpu);
/// The private peripheral bus 0xE0000000..0xE00FFFFF: SCS, NVIC, SysTick, DWT (scs.cpp). False: bus error.
bool read_private(Cpu& cpu, uint32_t address, unsigned width, uint32_t& value);
bool write_private(Cpu& cpu, uint32_t address, unsigned width, uint32_t value);

}  // namespace xedgesim::isa::arm
