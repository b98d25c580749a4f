// System Control Space, NVIC registers, SysTick and the cycle counter (ARMv7-M ARM B3.2 to B3.4, C1.8).
//
// Limits: no MPU in ARMv6-M cores (MPU_TYPE reads 0), no halting debug, of the DWT only CTRL.CYCCNTENA,
// CYCCNT and watchpoints on data addresses. Of the ITM, the stimulus ports and their enables; no trace
// stream. Other registers read as zero and ignore writes.
#include <fmt/format.h>

#include <array>

#include "isa/arm/cpu.h"

namespace xedgesim::isa::arm {
namespace {

constexpr uint32_t kScs = 0xE000E000;

uint32_t cyccnt(const Cpu& c) {
  return c.sys.cyccnt + (c.sys.dwt_ctrl & 1 ? static_cast<uint32_t>(c.cycles() - c.sys.cyccnt_since) : 0);
}

uint32_t read_icsr(Cpu& c) {
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

uint32_t read_shcsr(Cpu& c) {
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

void set_priorities(Cpu& c, unsigned first_exception, uint32_t v) {
  for (unsigned i = 0; i < 4; ++i) c.nvic.set_priority(first_exception + i, static_cast<uint8_t>(v >> 8 * i));
}

void write_demcr(Cpu& c, uint32_t v) {
  c.sys.demcr = v & (demcr::kTrcEna | demcr::kMonEn);
  c.nvic.set_enabled(kDebugMonitor, v & demcr::kMonEn);
  v& demcr::kMonPend ? c.nvic.set_pending(kDebugMonitor) : c.nvic.clear_pending(kDebugMonitor);
}

void write_stir(Cpu& c, uint32_t v) {
  if ((v & 0x1FF) + kFirstIrq < c.nvic.exception_count()) c.pend(kFirstIrq + (v & 0x1FF));
}

struct ScsRegister {
  uint32_t offset;
  uint32_t (*read)(Cpu&);                     ///< null: reads as zero
  void (*write)(Cpu&, uint32_t v) = nullptr;  ///< null: writes are told and ignored
};

template <uint32_t SystemRegisters::*Field>
uint32_t kept(Cpu& c) {
  return c.sys.*Field;
}
template <uint32_t SystemRegisters::*Field, uint32_t Mask = 0xFFFFFFFF>
void keep(Cpu& c, uint32_t v) {
  c.sys.*Field = v & Mask;
}
template <uint32_t SystemRegisters::*Field>
void clear_ones(Cpu& c, uint32_t v) {
  c.sys.*Field &= ~v;
}
template <uint32_t Value>
uint32_t constant(Cpu&) {
  return Value;
}
template <unsigned Exception>
uint32_t priorities_from(Cpu& c) {
  return priorities(c, Exception);
}
template <unsigned Exception>
void set_priorities_from(Cpu& c, uint32_t v) {
  set_priorities(c, Exception, v);
}

using Sys = SystemRegisters;

/// Without the NVIC's and the MPU's, which are arrays.
constexpr ScsRegister kRegisters[] = {
    // ICTR, SysTick
    {0x004, [](Cpu& c) { return (c.nvic.exception_count() - kFirstIrq - 1) / 32; }},
    {0x010, [](Cpu& c) { return c.systick.read_csr(); },
     [](Cpu& c, uint32_t v) { c.systick.write_csr(v, c.cycles()); }},
    {0x014, [](Cpu& c) { return c.systick.read_rvr(); }, [](Cpu& c, uint32_t v) { c.systick.write_rvr(v); }},
    {0x018, [](Cpu& c) { return c.systick.read_cvr(c.cycles()); },
     [](Cpu& c, uint32_t) { c.systick.write_cvr(c.cycles()); }},
    {0x01C, [](Cpu& c) { return c.config().systick_calib; }},
    // CPUID, ICSR, VTOR, AIRCR, SCR, CCR, SHPR1..3, SHCSR
    {0xD00, [](Cpu& c) { return c.config().cpuid; }},
    {0xD04, read_icsr, write_icsr},
    {0xD08, kept<&Sys::vtor>, keep<&Sys::vtor, 0xFFFFFF80>},
    {0xD0C, [](Cpu& c) { return 0xFA050000 | c.nvic.grouping() << 8; }, write_aircr},
    {0xD10, kept<&Sys::scr>, keep<&Sys::scr, 0x16>},
    {0xD14, kept<&Sys::ccr>, keep<&Sys::ccr, 0x31B>},
    {0xD18, priorities_from<4>, set_priorities_from<4>},
    {0xD1C, priorities_from<8>, set_priorities_from<8>},
    {0xD20, priorities_from<12>, set_priorities_from<12>},
    {0xD24, read_shcsr, write_shcsr},
    // CFSR, HFSR, DFSR, MMFAR, BFAR
    {0xD28, kept<&Sys::cfsr>, clear_ones<&Sys::cfsr>},
    {0xD2C, kept<&Sys::hfsr>, clear_ones<&Sys::hfsr>},
    {0xD30, kept<&Sys::dfsr>, clear_ones<&Sys::dfsr>},
    {0xD34, kept<&Sys::mmfar>, keep<&Sys::mmfar>},
    {0xD38, kept<&Sys::bfar>, keep<&Sys::bfar>},
    // Feature registers of the Cortex-M4 (TRM 4.1): PFR, DFR, AFR, MMFR0..3, ISAR0..4
    {0xD40, constant<0x00000030>},
    {0xD44, constant<0x00000200>},
    {0xD48, constant<0x00100000>},
    {0xD50, constant<0x00100030>},
    {0xD58, constant<0x01000000>},
    {0xD60, constant<0x01101110>},
    {0xD64, constant<0x02112000>},
    {0xD68, constant<0x21232231>},
    {0xD6C, constant<0x01111131>},
    {0xD70, constant<0x01310132>},
    // CPACR, DEMCR, STIR
    {0xD88, kept<&Sys::cpacr>, keep<&Sys::cpacr, 0x00F00000>},
    {0xDFC, [](Cpu& c) { return c.sys.demcr | (c.nvic.is_pending(kDebugMonitor) ? demcr::kMonPend : 0); },
     write_demcr},
    {0xF00, nullptr, write_stir},
    // FPCCR, FPCAR, FPDSCR, MVFR0, MVFR1
    {0xF34, kept<&Sys::fpccr>,
     [](Cpu& c, uint32_t v) { c.sys.fpccr = (v & 0xC0000000) | (c.sys.fpccr & 0x17B & ~1u) | (v & 1); }},
    {0xF38, kept<&Sys::fpcar>, keep<&Sys::fpcar, ~7u>},
    {0xF3C, kept<&Sys::fpdscr>, keep<&Sys::fpdscr, 0x07C00000>},
    {0xF40, constant<0x10110021>},
    {0xF44, constant<0x11000011>}};

/// Where a word's register stands in the table, counted from 1.
consteval std::array<uint8_t, 0x400> make_index() {
  std::array<uint8_t, 0x400> index{};
  for (uint8_t i = 0; i < std::size(kRegisters); ++i) {
    if (index[kRegisters[i].offset / 4]) throw "two registers at one offset";
    index[kRegisters[i].offset / 4] = i + 1;
  }
  return index;
}

const ScsRegister* register_at(uint32_t offset) {
  static constexpr std::array<uint8_t, 0x400> kIndex = make_index();
  const uint8_t i = kIndex[offset / 4];
  return i ? &kRegisters[i - 1] : nullptr;
}

/// ISER, ICER, ISPR, ICPR, IABR: a bit an interrupt.
uint32_t read_irqs(const Cpu& c, uint32_t offset) {
  const unsigned first = (offset & 0x7F) * 8;
  const uint32_t there = existing(c, first);
  switch (offset >> 7) {
    case 2:
    case 3:
      return c.nvic.enabled_word(kFirstIrq + first) & there;
    case 4:
    case 5:
      return c.nvic.pending_word(kFirstIrq + first) & there;
    case 6:
      return c.nvic.active_word(kFirstIrq + first) & there;
    default:
      return 0;
  }
}

void write_irqs(Cpu& c, uint32_t offset, uint32_t v) {
  for_each_irq(c, (offset & 0x7F) * 8, v, [&](unsigned n) {
    switch (offset >> 7) {
      case 2:
        return c.nvic.set_enabled(n, true);
      case 3:
        return c.nvic.set_enabled(n, false);
      case 4:
        return c.pend(n);
      default:
        return c.nvic.clear_pending(n);
    }
  });
}

bool is_priority(uint32_t offset) { return offset >= 0x400 && offset < 0x4F0; }
bool is_mpu(uint32_t offset) { return offset >= Mpu::kFirstRegister && offset <= Mpu::kLastRegister; }

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

uint32_t read_word(Cpu& c, uint32_t offset) {
  if (absent(c, offset)) return 0;
  if (offset >= 0x100 && offset < 0x400) return read_irqs(c, offset);
  if (is_priority(offset)) return priorities(c, kFirstIrq + (offset - 0x400));
  if (is_mpu(offset)) return c.mpu.read(offset);
  const ScsRegister* r = register_at(offset);
  return r && r->read ? r->read(c) : 0;
}

void write_word(Cpu& c, uint32_t offset, uint32_t v) {
  if (absent(c, offset) || (c.baseline() && offset == 0xD14)) return;
  if (offset >= 0x100 && offset < 0x300) return write_irqs(c, offset, v);
  if (is_priority(offset)) return set_priorities(c, kFirstIrq + (offset - 0x400), v);
  if (is_mpu(offset)) {
    c.mpu.write(offset, v);
    return c.protection_changed();
  }
  if (const ScsRegister* r = register_at(offset); r && r->write) return r->write(c, v);
  c.host().log(fmt::format("write of 0x{:08x} to reserved system register 0x{:08x}", v, kScs + offset));
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
bool allows_parts(uint32_t offset) { return is_priority(offset) || (offset >= 0xD18 && offset < 0xD2C); }

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
