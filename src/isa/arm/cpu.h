#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "isa/arm/code_image.h"
#include "isa/arm/cortex_m.h"
#include "isa/arm/jit/code_cache.h"
#include "isa/arm/jit/runtime.h"
#include "isa/arm/jit/state.h"
#include "isa/arm/live_decoder.h"
#include "isa/arm/mpu.h"
#include "isa/arm/nvic.h"
#include "isa/arm/op.h"
#include "isa/arm/system_registers.h"
#include "isa/arm/systick.h"
#include "isa/arm/watchpoints.h"

namespace xedgesim::isa::arm {

/// The core: registers, memory access and the run loop. Handlers (one file a manual chapter) work on it
/// directly, so its state is public inside src/isa/arm; nobody else includes this header.
///
/// The hot loop is `while (cycles < limit)`: whatever needs attention between two instructions (a pending
/// exception, sleep, a stop) sets a bit in attention_ and lowers the limit to 0.
class Cpu final : public Core {
 public:
  Cpu(const CortexMConfig& config, Host& host, std::vector<MemoryBlock> memory,
      std::shared_ptr<const CodeImage> code);

  // --- Core ---
  void reset() override;
  Stop run(uint64_t limit) override;
  void set_cycle_limit(uint64_t limit) override;
  uint64_t cycles() const override { return cycles_ - access_cost_; }
  uint64_t instructions() const override { return instructions_; }
  void skip_to(uint64_t cycle) override;
  uint64_t next_wakeup() const override { return systick.next_exception(); }
  bool awake() const override;
  void set_irq(unsigned irq, bool level) override;
  void set_event() override;
  void code_changed(uint32_t address, uint32_t size) override;
  Registers registers() const override;
  void set_registers(const Registers&) override;
  bool debug_read(uint32_t address, unsigned width, uint32_t& value) override;
  bool debug_write(uint32_t address, unsigned width, uint32_t value) override;
  std::string fault_status() const override;

  // --- registers ---
  std::array<uint32_t, 16> r{};  ///< r[13] is the active stack pointer; r[15] is not used
  uint32_t n_flag = 0;           ///< bit 31 is N
  uint32_t z_flag = 1;           ///< Z is set when this is 0
  uint32_t c_flag = 0;           ///< 0 or 1
  uint32_t v_flag = 0;           ///< bit 31 is V
  bool q_flag = false;
  uint8_t ge = 0;  ///< GE[3:0]
  uint8_t itstate = 0;
  bool thumb = true;  ///< EPSR.T
  unsigned ipsr = 0;
  std::array<uint32_t, 32> s{};  ///< FP registers as bits
  uint32_t fpscr = 0;            ///< without the exception flags still in the host's register, see fp_flags()

  uint32_t apsr() const;
  void set_apsr_nzcvq(uint32_t value);
  uint32_t xpsr() const;
  void set_xpsr(uint32_t value);
  bool condition(unsigned cond) const;
  void set_nz(uint32_t result) { n_flag = z_flag = result; }

  // --- where execution is ---
  /// Goes on at `address` (even).
  void jump(uint32_t address) {
    const uint32_t offset = address - image_base_;
    if (offset < visible_image_) [[likely]]
      ip_ = image_ops_ + offset / 2;
    else
      leave_image(address);
  }
  /// jump() by a computed address, with the refill's cost.
  void branch_to(uint32_t address) {
    jump(address);
    cycles_ += refill_cost();
  }
  /// BX, BLX, POP and LDR to the PC: EXC_RETURN values and the Thumb bit (B1.5.8, BXWritePC).
  void interworking_branch(const Op& op, uint32_t value);
  /// The same without EXC_RETURN (BLXWritePC).
  void branch_exchange(uint32_t value);
  void near_jump(const Op& op) {
    ip_ = reinterpret_cast<const Op*>(reinterpret_cast<const char*>(&op) + op.aux);
  }
  void leave_image(uint32_t address);
  /// The record cannot be executed from the image (half of it is elsewhere).
  void execute_outside(const Op& op);
  unsigned refill_cost() const;
  uint32_t next_address() const;
  uint32_t address_of(const Op& op) const;
  void add_cycles(unsigned n) { cycles_ += n; }
  /// The instruction started the block [2..5 instructions] that IT describes.
  void run_it_block();

  const Op* image_ops() const { return image_ops_; }
  /// The bytes that the image was made from, empty when they are not all in one block.
  std::span<const uint8_t> image_bytes() const;

  // --- memory; false: the access faulted and the instruction must be abandoned ---
  template <class T>
  bool load(const Op& op, uint32_t address, uint32_t& value) {
    return try_load<T>(address, value) || load_slow(op, address, sizeof(T), value);
  }
  template <class T>
  bool store(const Op& op, uint32_t address, uint32_t value) {
    return try_store<T>(address, value) || store_slow(op, address, sizeof(T), value);
  }
  /// The part of load() and store() that needs no call: aligned, in the main RAM or flash.
  template <class T>
  bool try_load(uint32_t address, uint32_t& value) {
    if (const uint32_t offset = address - ram_.base; offset < ram_.size && (address & (sizeof(T) - 1)) == 0)
        [[likely]] {
      T v;
      std::memcpy(&v, ram_.bytes + offset, sizeof v);
      value = v;
      return true;
    }
    if (const uint32_t offset = address - flash_.base;
        offset < flash_.size && (address & (sizeof(T) - 1)) == 0) {
      T v;
      std::memcpy(&v, flash_.bytes + offset, sizeof v);
      value = v;
      cycles_ += flash_wait_;
      return true;
    }
    return false;
  }
  template <class T>
  bool try_store(uint32_t address, uint32_t value) {
    const uint32_t offset = address - ram_.base;
    if (offset >= ram_.size || (address & (sizeof(T) - 1)) != 0) return false;
    const T v = static_cast<T>(value);
    std::memcpy(ram_.bytes + offset, &v, sizeof v);
    return true;
  }
  /// The `words` at `address` when they lie word-aligned in the main RAM, else null.
  uint8_t* ram_words(uint32_t address, uint32_t words) {
    const uint32_t offset = address - ram_.base;
    return (address & 3) == 0 && offset < ram_.size && words * 4 <= ram_.size - offset ? ram_.bytes + offset
                                                                                       : nullptr;
  }
  /// LDM, LDRD, LDREX, VLDR ...: an unaligned address is a UsageFault.
  bool load_aligned(const Op& op, uint32_t address, uint32_t& value);
  bool store_aligned(const Op& op, uint32_t address, uint32_t value);
  bool check_aligned(const Op& op, uint32_t address, unsigned width);
  enum class Outcome : uint8_t { done, bus_error, violation };
  /// An aligned access that the MPU and the watchpoints look at. A violation does not reach the memory.
  Outcome checked_read(uint32_t address, unsigned width, uint32_t& value);
  Outcome checked_write(uint32_t address, unsigned width, uint32_t value);
  /// Access that nothing guards (vectors, a debugger), without faulting: false is a bus error.
  bool raw_read(uint32_t address, unsigned width, uint32_t& value);
  bool raw_write(uint32_t address, unsigned width, uint32_t value);
  /// Instruction fetch; false: `fault` says which status bit.
  bool fetch(uint32_t address, uint16_t& halfword, uint32_t& fault_bit);

  /// A halfword of plain memory, without any effect; false elsewhere.
  bool peek(uint32_t address, uint16_t& halfword) const;

  bool exclusive = false;  ///< local monitor (A3.4): the whole address space is one granule

  // --- exceptions (exceptions.cpp) ---
  /// Abandons the instruction and raises a UsageFault, BusFault or MemManage with these CFSR bits.
  void fault(const Op& op, unsigned exception, uint32_t cfsr_bits);
  /// Raises a synchronous exception at the current position, escalating as B1.5.11.
  void raise(unsigned exception);
  void undefined(const Op& op) { fault(op, kUsageFault, cfsr::kUndefInstr); }
  void exception_return(const Op& op, uint32_t exc_return);
  int execution_priority() const;
  /// To be called after any change of masks, priorities, pending or active bits.
  void update_exceptions();
  bool privileged() const { return handler_mode() || !(sys.control & 1); }

  // --- protection (protection.cpp) ---
  /// What the present mode may do at `address`.
  Mpu::Rights rights(uint32_t address) const;
  /// To be called after any change of privilege or of the execution priority; update_exceptions() does.
  void update_protection();
  /// The MPU or a watchpoint has been set otherwise.
  void protection_changed();
  /// LDRT and STRT: as an unprivileged access while true.
  void set_user_access(bool on) {
    user_access_ = on;
    update_protection();
  }
  bool handler_mode() const { return ipsr != 0; }
  uint32_t msp() const { return uses_psp() ? other_sp : r[13]; }
  uint32_t psp() const { return uses_psp() ? r[13] : other_sp; }
  bool uses_psp() const { return !handler_mode() && (sys.control & 2); }
  void set_msp(uint32_t v) { (uses_psp() ? other_sp : r[13]) = v & ~3u; }
  void set_psp(uint32_t v) { (uses_psp() ? r[13] : other_sp) = v & ~3u; }
  /// Changes mode and/or CONTROL.SPSEL, exchanging the stack pointers as needed.
  void set_mode(unsigned new_ipsr, bool spsel);
  uint32_t other_sp = 0;  ///< the stack pointer that r[13] is not

  // --- events and stops ---
  void wait_for_interrupt();
  void wait_for_event();
  void send_event() { event_ = true; }
  void request_reset();
  void breakpoint(const Op& op);
  void exit();
  void lock_up();

  // --- floating point (fp_state.cpp) ---
  enum class FpMode : uint8_t {
    not_ready,  ///< disabled, or state to be preserved first: prepare_fp()
    exact,      ///< every operation goes through soft_float (FZ or a rounding mode other than nearest)
    host        ///< host arithmetic, NaNs and edge cases through soft_float
  };
  FpMode fp_mode = FpMode::not_ready;
  /// Checks access, preserves lazily stacked state, opens a new context. False: faulted.
  bool prepare_fp(const Op& op);
  void update_fp_mode();
  /// FPSCR including what the host's register has gathered.
  uint32_t read_fpscr();
  void write_fpscr(uint32_t value);

  jit::State jit_state;
  SystemRegisters sys;
  Nvic nvic;
  SysTick systick;
  Mpu mpu;
  Watchpoints watchpoints;
  const CortexMConfig& config() const { return config_; }
  const CoreModel& model() const { return *model_; }
  bool baseline() const { return model_->architecture == Architecture::v6m; }
  Host& host() { return host_; }
  void pend(unsigned exception);
  /// Recomputes the loop's limit from what run() was asked for, SysTick and attention.
  void update_limit();

 private:
  friend struct ImageEnd;
  friend struct jit::Runtime;
  static constexpr uint64_t kNever = UINT64_MAX;
  enum Attention : unsigned {
    kTakeException = 1,
    kSleeping = 2,
    kLockedUp = 4,
    kResetRequested = 8,
    kBreakpoint = 16,
    kNotThumb = 32,
    kExited = 64
  };

  bool load_slow(const Op& op, uint32_t address, unsigned width, uint32_t& value);
  bool store_slow(const Op& op, uint32_t address, unsigned width, uint32_t value);
  Outcome access_memory(uint32_t& address, unsigned width, uint32_t& value, bool write);
  bool access_fault(const Op& op, Outcome outcome, uint32_t address);
  /// In the peripheral region (0x40000000 to 0x5FFFFFFF) with no memory in it: the host's without a search.
  bool is_device(uint32_t address) const { return address >> 29 == 2 && !memory_among_devices_; }
  unsigned slow_flash_wait(uint32_t address, unsigned width) const;
  const MemoryBlock* block_of(uint32_t address, unsigned width) const;
  bool host_read(uint32_t address, unsigned width, uint32_t& value);
  bool host_write(uint32_t address, unsigned width, uint32_t value);
  void use_image(const CodeImage* image);
  void fold_fp_flags();

  bool handle_attention(Stop& stop);
  void run_image();
  void run_translated();
  void run_image_to_branch();
  void run_outside();
  void choose_engine();
  bool wakes_up() const;

  void take_exception(unsigned n);
  Outcome push_frame(uint32_t return_address, uint32_t& exc_return);
  Outcome pop_frame(uint32_t exc_return);
  void enter_handler(unsigned n, uint32_t exc_return);
  Outcome preserve_fp_state();

  /// Whom the MPU looks at, by mode: nobody while it is off.
  enum class Guard : uint8_t { open, privileged, unprivileged };
  struct View {
    MemoryBlock ram, flash;  ///< what the fast paths may touch
    uint32_t image_size;     ///< 0: the image may not be executed as a whole
  };
  MemoryBlock unguarded_part(const MemoryBlock& block, const Mpu::Rights& wanted) const;
  void apply_view();
  void watch(uint32_t address, unsigned width, bool write);

  // Hot members first: one cache line after the registers.
  const Op* ip_ = nullptr;
  uint64_t cycles_ = 0, limit_ = 0, instructions_ = 0;
  MemoryBlock ram_, flash_;
  unsigned flash_wait_ = 0;
  uint32_t image_base_ = 0, image_size_ = 0;
  uint32_t visible_image_ = 0;  // image_size_, or 0 while the image is not to be used
  const Op* image_ops_ = nullptr;
  uint64_t requested_limit_ = 0;
  bool waiting_for_event_ = false;  // asleep in WFE, not WFI
  unsigned attention_ = 0;
  uint8_t it_before_ = 0;  // ITSTATE of the instruction that is executing
  bool event_ = false;
  bool breakpoint_told_ = false;
  uint32_t breakpoint_at_ = 0;
  uint32_t last_popped_xpsr_ = 0;
  uint64_t entered_at_ = UINT64_MAX;  // instruction count when the active handler was entered (late arrival)
  uint32_t entry_exc_return_ = 0;
  bool running_ = false;
  unsigned access_cost_ = 0;  // cost of the accessing instruction while a Host verb runs

  MemoryBlock whole_ram_, whole_flash_;
  std::array<std::optional<View>, 3> views_;
  Guard guard_ = Guard::open;
  bool user_access_ = false;
  bool memory_among_devices_ = false;  // a block lies in the peripheral region
  bool checked_ = false;               // data accesses are looked at: MPU or watchpoints

  Op outside_op_;  // ip_ points here while execution is outside the image
  uint32_t outside_pc_ = 0, outside_current_ = 0;
  LiveDecoder live_;

  CortexMConfig config_;
  const CoreModel* model_;
  Host& host_;
  std::vector<MemoryBlock> blocks_;
  std::shared_ptr<const CodeImage> image_;
  std::unique_ptr<CodeImage> private_image_;
  std::shared_ptr<jit::CodeCache> translated_;
  std::vector<std::shared_ptr<jit::CodeCache>> retired_;  // may still be running
  unsigned code_changes_ = 0;
  uint64_t translate_again_at_ = kNever;
};

}  // namespace xedgesim::isa::arm
