#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// A CPU core knows no machine: this header is all that a core and a machine know of each other.
namespace xedgesim::isa {

/// A block of plain memory that the core may access without asking. `code` blocks are immutable for the run
/// (flash) and may be shared, with their decoded form, by any number of cores.
struct MemoryBlock {
  uint32_t base = 0;
  uint32_t size = 0;         ///< bytes
  uint8_t* bytes = nullptr;  ///< host memory, `size` bytes, outlives the core
  bool writable = false;     ///< a store to a read-only block is handed to Host::write
};

/// The machine's verbs. Addresses are those of the guest, values little-endian in the low bits.
class Host {
 public:
  virtual ~Host() = default;
  /// Access outside the memory blocks and the core's private peripherals. width is 1, 2 or 4.
  /// False: bus error (precise BusFault). May call Core::set_cycle_limit() and Core::set_irq().
  virtual bool read(uint32_t address, unsigned width, uint32_t& value) = 0;
  virtual bool write(uint32_t address, unsigned width, uint32_t value) = 0;
  /// AIRCR.SYSRESETREQ was written; the core has stopped with Stop::reset.
  virtual void system_reset_requested() {}
  /// `width` bytes were written to stimulus port `port` (0 to 31) of the Instrumentation Trace Macrocell.
  /// `enabled`: trace, ITM and port are enabled (C1.7), by the firmware or by a probe.
  virtual void stimulus(unsigned port, uint32_t value, unsigned width, bool enabled) {
    (void)port, (void)value, (void)width, (void)enabled;
  }
  /// A byte of semihosting output.
  virtual void semihosting(uint8_t byte) { (void)byte; }
  /// Guest misuse worth a line in the log (unpredictable encodings, accesses to reserved SCS registers).
  virtual void log(const std::string& text) { (void)text; }
};

enum class Stop : uint8_t {
  limit,       ///< cycle limit reached
  sleep,       ///< WFI/WFE with nothing pending: wake by set_irq(), set_event() or SysTick
  lockup,      ///< unrecoverable fault (ARMv7-M ARM B1.5.15)
  reset,       ///< system reset requested
  breakpoint,  ///< BKPT with no debugger
  exit         ///< the guest ended itself by semihosting
};

/// Snapshot of the programmer's view, for error messages, debuggers and comparison with other engines.
struct Registers {
  std::array<uint32_t, 16> r{};  ///< r[13] is the active stack pointer, r[15] the next instruction
  uint32_t xpsr = 0, msp = 0, psp = 0;
  uint32_t primask = 0, faultmask = 0, basepri = 0, control = 0;
  std::array<uint32_t, 32> s{};
  uint32_t fpscr = 0;
};

class Core {
 public:
  virtual ~Core() = default;
  /// Loads SP and PC from the vector table at VTOR's reset value and starts in Thread mode.
  virtual void reset() = 0;

  /// Executes instructions that start before cycle `limit` (absolute count), taking pending exceptions
  /// between them. On return cycles() is the start of the next instruction and may exceed the limit by one
  /// instruction.
  virtual Stop run(uint64_t limit) = 0;
  /// Lowers the running run()'s limit; callable from Host verbs, effective at the next instruction boundary.
  virtual void set_cycle_limit(uint64_t limit) = 0;

  virtual uint64_t cycles() const = 0;
  virtual uint64_t instructions() const = 0;
  /// Moves the clock forward over a sleep (SysTick counts, nothing executes). `cycle` >= cycles().
  virtual void skip_to(uint64_t cycle) = 0;
  /// Cycle at which SysTick will pend its exception, or UINT64_MAX.
  virtual uint64_t next_wakeup() const = 0;
  /// True when run() would execute something now (awake, or a wake-up condition is pending).
  virtual bool awake() const = 0;

  /// Level of external interrupt line `irq`. A rising or held-high line makes it pending as in ARMv7-M B3.4.
  virtual void set_irq(unsigned irq, bool level) = 0;
  /// External event input (SEV from elsewhere): sets the event register.
  virtual void set_event() = 0;

  /// The machine changed bytes of a code block (flash programmed or erased): forget what was decoded from
  /// [address, address + size). Writable blocks need no call.
  virtual void code_changed(uint32_t address, uint32_t size) { (void)address, (void)size; }

  virtual Registers registers() const = 0;
  virtual void set_registers(const Registers&) = 0;
  /// A debugger's access between two runs: aligned, past the MPU and whatever the mode, by Host verbs where
  /// devices are (with a read's side effects). False: nothing is there, or it cannot be written.
  virtual bool debug_read(uint32_t address, unsigned width, uint32_t& value) = 0;
  virtual bool debug_write(uint32_t address, unsigned width, uint32_t value) = 0;
  /// Fault status for the lock-up report, for example "CFSR=0x00000082 HFSR=0x40000000 BFAR=0x20040000".
  virtual std::string fault_status() const = 0;
};

}  // namespace xedgesim::isa
