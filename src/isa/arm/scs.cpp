// System Control Space, NVIC registers, SysTick and the cycle counter (ARMv7-M ARM B3.2 to B3.4, C1.8).
//
// Limits: no MPU in ARMv6-M cores (MPU_TYPE reads 0), no halting debug, of the DWT only CTRL.CYCCNTENA,
// CYCCNT and watchpoints on data addresses. Of the ITM, the stimulus ports and their enables; no trace
// stream. Other registers read as zero and ignore writes.
#include <fmt/format.h>

#include "isa/arm/cpu.h"

namespace xedgesim::isa::arm {
namespace {

constexpr uint32_t kScs = 0xE000E000;

uint32_t cyccnt(const Cpu& c) {
  return c.sys.cyccnt + (c.sys.dwt_ctrl & 1 ? static_cast<uint32_t>(c.cycles() - c.sys.cyccnt_since) : 0);
}

uint32_t read_icsr(const Cpu& c) {
  const unsigned pending = c.nvic.best_pending();
  bool external = false;
  for (unsigned n = kFirstIrq; n < c.nvic.exception_count(); n += 32) external |= c.nvic.pending_word(n) != 0;
  return c.ipsr | (c.nvic.active_count() <= 1 ? 1u << 11 : 0) | pending << 12 | (external ? 1u << 22 : 0) |
         (c.nvic.is_pending(kSysTick) ? 1u << 26 : 0) | (c.nvic.is_pending(kPendSv) ? 1u << 28 : 0) |
         (c.nvic.is_pending(kNmi) ? 1u << 31 : 0);
}

void write_icsr(Cpu& c, uint32_t v) {
  if (v & 1u << 31) c.pend(kNmi);
  if (v & 1u << 28) c.pend(kPendSv);
  if (v & 1u << 27) c.nvic.clear_pending(kPendSv);
  if (v & 1u << 26) c.pend(kSysTick);
  if (v & 1u << 25) c.nvic.clear_pending(kSysTick);
}

void write_aircr(Cpu& c, uint32_t v) {
  if (v >> 16 != 0x05FA) return;
  c.nvic.set_grouping(v >> 8 & 7);
  if (v & 4) c.request_reset();
}

struct ShcsrBit {
  unsigned bit, exception;
  enum { active, pending, enabled } what;
};
constexpr ShcsrBit kShcsr[] = {{0, kMemManage, ShcsrBit::active},    {1, kBusFault, ShcsrBit::active},
                               {3, kUsageFault, ShcsrBit::active},   {7, kSvcall, ShcsrBit::active},
                               {8, kDebugMonitor, ShcsrBit::active}, {10, kPendSv, ShcsrBit::active},
                               {11, kSysTick, ShcsrBit::active},     {12, kUsageFault, ShcsrBit::pending},
                               {13, kMemManage, ShcsrBit::pending},  {14, kBusFault, ShcsrBit::pending},
                               {15, kSvcall, ShcsrBit::pending},     {16, kMemManage, ShcsrBit::enabled},
                               {17, kBusFault, ShcsrBit::enabled},   {18, kUsageFault, ShcsrBit::enabled}};

uint32_t read_shcsr(const Cpu& c) {
  uint32_t v = 0;
  for (const auto& b : kShcsr) {
    const bool on = b.what == ShcsrBit::active    ? c.nvic.is_active(b.exception)
                    : b.what == ShcsrBit::pending ? c.nvic.is_pending(b.exception)
                                                  : c.nvic.is_enabled(b.exception);
    v |= uint32_t{on} << b.bit;
  }
  return v;
}

void write_shcsr(Cpu& c, uint32_t v) {
  for (const auto& b : kShcsr) {
    const bool on = v >> b.bit & 1;
    if (b.what == ShcsrBit::active) c.nvic.set_active(b.exception, on);
    if (b.what == ShcsrBit::enabled) c.nvic.set_enabled(b.exception, on);
    if (b.what == ShcsrBit::pending) on ? c.nvic.set_pending(b.exception) : c.nvic.clear_pending(b.exception);
  }
}

/// Bits of the interrupts that exist, in the word of 32 interrupts from `first`.
uint32_t existing(const Cpu& c, unsigned first) {
  const unsigned irqs = c.nvic.exception_count() - kFirstIrq;
  return first >= irqs ? 0 : irqs - first >= 32 ? ~0u : (1u << (irqs - first)) - 1;
}

template <class F>
void for_each_irq(Cpu& c, unsigned first, uint32_t bits, F f) {
  for (bits &= existing(c, first); bits; bits &= bits - 1)
    f(kFirstIrq + first + static_cast<unsigned>(std::countr_zero(bits)));
}

uint32_t priorities(const Cpu& c, unsigned first_exception) {
  uint32_t v = 0;
  for (unsigned i = 0; i < 4; ++i) v |= uint32_t{c.nvic.priority_byte(first_exception + i)} << 8 * i;
  return v;
}

bool absent(const Cpu& c, uint32_t offset);

uint32_t read_word(Cpu& c, uint32_t offset) {
  if (absent(c, offset)) return 0;
  if (offset >= 0x100 && offset < 0x400) {
    const unsigned first = (offset & 0x7F) * 8;
    switch (offset >> 7) {  // ISER, ICER, ISPR, ICPR, IABR
      case 2:
      case 3:
        return c.nvic.enabled_word(kFirstIrq + first) & existing(c, first);
      case 4:
      case 5:
        return c.nvic.pending_word(kFirstIrq + first) & existing(c, first);
      case 6:
        return c.nvic.active_word(kFirstIrq + first) & existing(c, first);
      default:
        return 0;
    }
  }
  if (offset >= 0x400 && offset < 0x4F0) return priorities(c, kFirstIrq + (offset - 0x400));
  if (offset >= Mpu::kFirstRegister && offset <= Mpu::kLastRegister) return c.mpu.read(offset);
  const auto& s = c.sys;
  switch (offset) {
    case 0x004:
      return (c.nvic.exception_count() - kFirstIrq - 1) / 32;  // ICTR
    case 0x010:
      return c.systick.read_csr();
    case 0x014:
      return c.systick.read_rvr();
    case 0x018:
      return c.systick.read_cvr(c.cycles());
    case 0x01C:
      return c.config().systick_calib;
    case 0xD00:
      return c.config().cpuid;
    case 0xD04:
      return read_icsr(c);
    case 0xD08:
      return s.vtor;
    case 0xD0C:
      return 0xFA050000 | c.nvic.grouping() << 8;
    case 0xD10:
      return s.scr;
    case 0xD14:
      return s.ccr;
    case 0xD18:
    case 0xD1C:
    case 0xD20:
      return priorities(c, offset - 0xD18 + 4);
    case 0xD24:
      return read_shcsr(c);
    case 0xD28:
      return s.cfsr;
    case 0xD2C:
      return s.hfsr;
    case 0xD30:
      return s.dfsr;
    case 0xD34:
      return s.mmfar;
    case 0xD38:
      return s.bfar;
    // Feature registers of the Cortex-M4 (TRM 4.1): PFR, DFR, AFR, MMFR0..3, ISAR0..4.
    case 0xD40:
      return 0x00000030;
    case 0xD44:
      return 0x00000200;
    case 0xD48:
      return 0x00100000;
    case 0xD50:
      return 0x00100030;
    case 0xD58:
      return 0x01000000;
    case 0xD60:
      return 0x01101110;
    case 0xD64:
      return 0x02112000;
    case 0xD68:
      return 0x21232231;
    case 0xD6C:
      return 0x01111131;
    case 0xD70:
      return 0x01310132;
    case 0xD88:
      return s.cpacr;
    case 0xDFC:
      return s.demcr | (c.nvic.is_pending(kDebugMonitor) ? demcr::kMonPend : 0);
    case 0xF34:
      return s.fpccr;
    case 0xF38:
      return s.fpcar;
    case 0xF3C:
      return s.fpdscr;
    case 0xF40:
      return 0x10110021;  // MVFR0
    case 0xF44:
      return 0x11000011;  // MVFR1
    default:
      return 0;
  }
}

/// Registers that ARMv6-M does not have (DDI 0419 B3.2.2): they read as zero and ignore writes. All faults
/// are HardFaults there, and the vector table stays where it is.
bool absent(const Cpu& c, uint32_t offset) {
  if (!c.baseline()) return false;
  const bool nvic = (offset >= 0x100 && offset < 0x300) || (offset >= 0x400 && offset < 0x420);
  const bool timer = offset >= 0x010 && offset < 0x020;
  const bool control = offset == 0xD00 || offset == 0xD04 || offset == 0xD0C || offset == 0xD10 ||
                       offset == 0xD1C || offset == 0xD20;
  return !(nvic || timer || control || offset == 0xD14);
}

void write_word(Cpu& c, uint32_t offset, uint32_t v) {
  if (absent(c, offset) || (c.baseline() && offset == 0xD14)) return;
  if (offset >= 0x100 && offset < 0x300) {
    const unsigned first = (offset & 0x7F) * 8;
    const unsigned group = offset >> 7;
    for_each_irq(c, first, v, [&](unsigned n) {
      if (group == 2) c.nvic.set_enabled(n, true);
      if (group == 3) c.nvic.set_enabled(n, false);
      if (group == 4) c.pend(n);
      if (group == 5) c.nvic.clear_pending(n);
    });
    return;
  }
  if (offset >= 0x400 && offset < 0x4F0) {
    for (unsigned i = 0; i < 4; ++i)
      c.nvic.set_priority(kFirstIrq + (offset - 0x400) + i, static_cast<uint8_t>(v >> 8 * i));
    return;
  }
  if (offset >= Mpu::kFirstRegister && offset <= Mpu::kLastRegister) {
    c.mpu.write(offset, v);
    c.protection_changed();
    return;
  }
  auto& s = c.sys;
  switch (offset) {
    case 0x010:
      c.systick.write_csr(v, c.cycles());
      break;
    case 0x014:
      c.systick.write_rvr(v);
      break;
    case 0x018:
      c.systick.write_cvr(c.cycles());
      break;
    case 0xD04:
      write_icsr(c, v);
      break;
    case 0xD08:
      s.vtor = v & 0xFFFFFF80;
      break;
    case 0xD0C:
      write_aircr(c, v);
      break;
    case 0xD10:
      s.scr = v & 0x16;
      break;
    case 0xD14:
      s.ccr = v & 0x31B;
      break;
    case 0xD18:
    case 0xD1C:
    case 0xD20:
      for (unsigned i = 0; i < 4; ++i)
        c.nvic.set_priority(offset - 0xD18 + 4 + i, static_cast<uint8_t>(v >> 8 * i));
      break;
    case 0xD24:
      write_shcsr(c, v);
      break;
    case 0xD28:
      s.cfsr &= ~v;
      break;
    case 0xD2C:
      s.hfsr &= ~v;
      break;
    case 0xD30:
      s.dfsr &= ~v;
      break;
    case 0xD34:
      s.mmfar = v;
      break;
    case 0xD38:
      s.bfar = v;
      break;
    case 0xD88:
      s.cpacr = v & 0x00F00000;
      break;
    case 0xDFC:
      s.demcr = v & (demcr::kTrcEna | demcr::kMonEn);
      c.nvic.set_enabled(kDebugMonitor, v & demcr::kMonEn);
      v& demcr::kMonPend ? c.nvic.set_pending(kDebugMonitor) : c.nvic.clear_pending(kDebugMonitor);
      break;
    case 0xF00:
      if ((v & 0x1FF) + kFirstIrq < c.nvic.exception_count()) c.pend(kFirstIrq + (v & 0x1FF));
      break;
    case 0xF34:
      s.fpccr = (v & 0xC0000000) | (s.fpccr & 0x17B & ~1u) | (v & 1);
      break;
    case 0xF38:
      s.fpcar = v & ~7u;
      break;
    case 0xF3C:
      s.fpdscr = v & 0x07C00000;
      break;
    default:
      c.host().log(fmt::format("write of 0x{:08x} to reserved system register 0x{:08x}", v, kScs + offset));
  }
}

bool read_dwt(Cpu& c, uint32_t offset, uint32_t& value) {
  if (!c.baseline() && offset >= Watchpoints::kFirstRegister && offset <= Watchpoints::kLastRegister)
    value = c.watchpoints.read(offset);
  else
    value = c.baseline() ? 0 : offset == 0 ? c.sys.dwt_ctrl : offset == 4 ? cyccnt(c) : 0;
  return true;
}

void write_dwt(Cpu& c, uint32_t offset, uint32_t v) {
  if (offset == 0) {
    c.sys.cyccnt = cyccnt(c);
    c.sys.cyccnt_since = c.cycles();
    c.sys.dwt_ctrl = (c.sys.dwt_ctrl & ~1u) | (v & 1);
  } else if (offset == 4) {
    c.sys.cyccnt = v;
    c.sys.cyccnt_since = c.cycles();
  } else if (!c.baseline() && offset >= Watchpoints::kFirstRegister && offset <= Watchpoints::kLastRegister) {
    c.watchpoints.write(offset, v);
    c.protection_changed();
  }
}

/// ITM (C1.7): stimulus ports for people; no trace stream, so a port is always ready.
constexpr uint32_t kItmTer = 0xE00, kItmTcr = 0xE80;
uint32_t read_itm(const Cpu& c, uint32_t offset) {
  if (offset < 0x80) return 1;  // FIFOREADY
  return offset == kItmTer ? c.sys.itm_ter : offset == kItmTcr ? c.sys.itm_tcr : 0;
}
void write_itm(Cpu& c, uint32_t offset, unsigned width, uint32_t v) {
  if (offset == kItmTer) c.sys.itm_ter = v;
  if (offset == kItmTcr) c.sys.itm_tcr = v & 0x007F0F0F;
  if (offset >= 0x80) return;
  const unsigned port = offset / 4;
  const bool traces = c.sys.demcr & 1u << 24 && c.sys.itm_tcr & 1;
  c.host().stimulus(port, v, width, traces && c.sys.itm_ter >> port & 1);
}

/// Registers that a byte or halfword access may address (B3.2.1, B3.4): priorities and CFSR.
bool allows_parts(uint32_t offset) {
  return (offset >= 0x400 && offset < 0x4F0) || (offset >= 0xD18 && offset < 0xD2C);
}

}  // namespace

bool read_private(Cpu& cpu, uint32_t address, unsigned width, uint32_t& value) {
  const uint32_t aligned = address & ~3u, shift = 8 * (address & 3);
  if (aligned - kScs < 0x1000)
    value = read_word(cpu, aligned - kScs);
  else if (aligned - 0xE0001000 < 0x1000)
    read_dwt(cpu, aligned - 0xE0001000, value);
  else if (aligned - 0xE0000000 < 0x1000 && !cpu.baseline())
    value = read_itm(cpu, aligned - 0xE0000000);
  else
    value = 0;
  if (width < 4) value = value >> shift & ((1u << 8 * width) - 1);
  return true;
}

bool write_private(Cpu& cpu, uint32_t address, unsigned width, uint32_t value) {
  const uint32_t aligned = address & ~3u, shift = 8 * (address & 3), offset = aligned - kScs;
  if (aligned - 0xE0001000 < 0x1000 && width == 4) write_dwt(cpu, aligned - 0xE0001000, value);
  if (aligned - 0xE0000000 < 0x1000 && !cpu.baseline()) write_itm(cpu, aligned - 0xE0000000, width, value);
  if (offset >= 0x1000) return true;
  if (width < 4) {
    if (!allows_parts(offset)) {
      cpu.host().log(
          fmt::format("{}-byte write to system register 0x{:08x} ignored; use a word", width, address));
      return true;
    }
    const uint32_t mask = ((1u << 8 * width) - 1) << shift;
    // CFSR is cleared by writing ones: the other bytes must be zeros.
    const uint32_t others = offset == 0xD28 ? 0 : read_word(cpu, offset) & ~mask;
    value = others | (value << shift & mask);
  }
  write_word(cpu, offset, value);
  cpu.update_fp_mode();
  cpu.update_exceptions();
  return true;
}

}  // namespace xedgesim::isa::arm
