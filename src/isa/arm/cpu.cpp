#include "isa/arm/cpu.h"

#include <fmt/format.h>

#include "base/error.h"
#include "isa/arm/decode.h"
#include "isa/arm/host_fp.h"

namespace xedgesim::isa::arm {
namespace {

void leave_loop(Cpu& c, const Op&) { c.leave_image(c.next_address()); }

CortexMConfig checked(const CortexMConfig& c) {
  if (c.irq_count < 1 || c.irq_count > 240)
    throw ConfigError(fmt::format("Cortex-M: {} interrupt lines; give 1 to 240", c.irq_count));
  if (c.priority_bits < 2 || c.priority_bits > 8)
    throw ConfigError(fmt::format("Cortex-M: {} priority bits; give 2 to 8", c.priority_bits));
  if (c.vtor_reset & 0x7F)
    throw ConfigError(fmt::format("Cortex-M: vector table at 0x{:08x}; align it to 128 bytes", c.vtor_reset));
  if (c.flash_wait_states > 15)
    throw ConfigError(fmt::format("Cortex-M: {} flash wait states; give 0 to 15", c.flash_wait_states));
  if (c.translate_after < 1 || c.translate_after > 254)
    throw ConfigError(fmt::format("Cortex-M: translation after {} visits; give 1 to 254", c.translate_after));
  return c;
}

}  // namespace

Cpu::Cpu(const CortexMConfig& config, Host& host, std::vector<MemoryBlock> memory,
         std::shared_ptr<const CodeImage> code)
    : nvic(checked(config).irq_count, config.priority_bits),
      config_(config),
      model_(&core_model(config.model)),
      host_(host),
      blocks_(std::move(memory)),
      image_(std::move(code)) {
  for (const MemoryBlock& b : blocks_) {
    if (b.base % 4 || b.size % 4 || !b.bytes || uint64_t{b.base} + b.size > (uint64_t{1} << 32))
      throw ConfigError(
          fmt::format("memory block at 0x{:08x}: base and size must be multiples of 4", b.base));
    if (b.writable && !ram_.bytes) ram_ = b;
    memory_among_devices_ |= b.base >> 29 == 2 || (b.base < 0x40000000 && b.base + b.size > 0x40000000);
    if (!b.writable && (!flash_.bytes || (image_ && image_->base() - b.base < b.size))) flash_ = b;
  }
  whole_ram_ = ram_;
  whole_flash_ = flash_;
  flash_wait_ = config.flash_wait_states;
  outside_op_.handler = leave_loop;
  use_image(image_.get());
  jit_state.ram = ram_.bytes;
  jit_state.flash = flash_.bytes;
  choose_engine();
}

std::span<const uint8_t> Cpu::image_bytes() const {
  const MemoryBlock* block = image_size_ ? block_of(image_base_, 4) : nullptr;
  if (!block || block->size - (image_base_ - block->base) < image_size_) return {};
  return {block->bytes + (image_base_ - block->base), image_size_};
}

void Cpu::choose_engine() {
  translate_again_at_ = kNever;
  translated_.reset();
  const CodeImage* image = private_image_ ? private_image_.get() : image_.get();
  if (config_.engine == Engine::interpreter || !image || image_bytes().empty() ||
      block_of(image_base_, 4)->writable)
    return;
  translated_ = image->translations({.image_base = image_base_,
                                     .image_size = image_size_,
                                     .ram_base = whole_ram_.base,
                                     .ram_size = whole_ram_.size,
                                     .flash_base = whole_flash_.base,
                                     .flash_size = whole_flash_.size,
                                     .flash_wait = flash_wait_,
                                     .refill = model_->refill,
                                     .hot = config_.translate_after,
                                     .checked = checked_},
                                    *this);
}

void Cpu::use_image(const CodeImage* image) {
  const uint32_t address = ip_ ? next_address() : 0;
  image_base_ = image ? image->base() : 0;
  image_size_ = visible_image_ = image ? image->size() : 0;
  image_ops_ = image ? image->ops() : nullptr;
  if (ip_) jump(address);
}

void Cpu::reset() {
  r.fill(0);
  s.fill(0);
  set_xpsr(0x01000000);
  q_flag = false;
  sys = SystemRegisters();
  sys.vtor = config_.vtor_reset;
  if (baseline()) sys.ccr |= ccr::kUnalignTrp;
  if (!config_.cpuid) config_.cpuid = model_->cpuid;
  nvic.reset();
  systick.reset();
  mpu = Mpu();
  watchpoints = Watchpoints();
  user_access_ = false;
  guard_ = Guard::open;
  protection_changed();
  fpscr = 0;
  update_fp_mode();
  attention_ = 0;
  exclusive = event_ = breakpoint_told_ = false;
  entered_at_ = UINT64_MAX;
  other_sp = 0;
  uint32_t sp = 0, pc = 0;
  const bool readable = raw_read(sys.vtor, 4, sp) && raw_read(sys.vtor + 4, 4, pc);
  r[13] = sp & ~3u;
  r[14] = 0xFFFFFFFF;
  thumb = pc & 1;
  jump(pc & ~1u);
  if (!thumb) attention_ |= kNotThumb;
  if (!readable) lock_up();
  update_exceptions();
}

Stop Cpu::run(uint64_t limit) {
  requested_limit_ = limit;
  retired_.clear();
  if (cycles_ >= translate_again_at_) choose_engine();
  const host_fp::Scope scope;
  running_ = true;
  Stop stop = Stop::limit;
  for (;;) {
    if (cycles_ >= systick.due() && systick.expire(cycles_)) pend(kSysTick);
    if (attention_ && handle_attention(stop)) break;
    if (cycles_ >= requested_limit_) {
      stop = Stop::limit;
      break;
    }
    update_limit();
    if (itstate)
      run_it_block();
    else if (ip_ == &outside_op_)
      run_outside();
    else if (translated_)
      run_translated();
    else
      run_image();
  }
  fold_fp_flags();
  running_ = false;
  return stop;
}

void Cpu::run_image() {
  // What the host predicts it need not wait for: the next record follows from the width and from whether the
  // handler branched, both as predicted host branches instead of loads that depend on each other. The empty
  // assembler statements keep the compiler from turning them back into data dependencies.
  const Op* op = ip_;
  while (cycles_ < limit_) {
    const Op* next = op + 1;
    if (op->advance != sizeof(Op)) {
      next = op + 2;
      asm volatile("");
    }
    ip_ = next;
    cycles_ += op->cycles;
    ++instructions_;
    op->handler(*this, *op);
    const Op* following = ip_;
    op = next;
    if (following != next) asm volatile("" : "=r"(op) : "0"(following));
  }
}

/// The same until something branches: translated code may begin there.
void Cpu::run_image_to_branch() {
  const Op* op = ip_;
  while (cycles_ < limit_) {
    const Op* next = op + (op->advance != sizeof(Op) ? 2 : 1);
    ip_ = next;
    cycles_ += op->cycles;
    ++instructions_;
    op->handler(*this, *op);
    if (ip_ != next) return;
    op = next;
  }
}

void Cpu::run_translated() {
  while (cycles_ < limit_ && ip_ != &outside_op_ && !itstate && translated_) {
    const auto index = static_cast<uint32_t>(ip_ - image_ops_);
    const void* code = translated_->code_at(index);
    if (!code && translated_->heat(index)) {
      translated_->translate(*this, index);
      code = translated_->code_at(index);
    }
    if (!code || !jit::Runtime::enter(*this, code)) run_image_to_branch();
  }
}

void Cpu::run_outside() {
  while (cycles_ < limit_ && ip_ == &outside_op_ && !itstate) {
    outside_current_ = outside_pc_;
    uint32_t fault_bit = 0;
    const Op* op = live_.fetch(*this, outside_pc_, fault_bit);
    if (!op) {
      sys.cfsr |= fault_bit;
      raise(fault_bit == cfsr::kIBusErr ? kBusFault : kMemManage);
      return;
    }
    outside_pc_ += static_cast<uint32_t>(op->advance / sizeof(Op)) * 2;
    cycles_ += op->cycles;
    ++instructions_;
    op->handler(*this, *op);
  }
}

void Cpu::run_it_block() {
  while (itstate && cycles_ < limit_) {
    const Op* op = ip_;
    if (ip_ == &outside_op_) {
      outside_current_ = outside_pc_;
      uint32_t fault_bit = 0;
      op = live_.fetch(*this, outside_pc_, fault_bit);
      if (!op) {
        sys.cfsr |= fault_bit;
        raise(fault_bit == cfsr::kIBusErr ? kBusFault : kMemManage);
        break;
      }
      outside_pc_ += static_cast<uint32_t>(op->advance / sizeof(Op)) * 2;
    } else if (op->advance == 0) {
      // The image ends here: what stands there is not an instruction of the block.
      leave_image(address_of(*op));
      break;
    } else {
      ip_ = reinterpret_cast<const Op*>(reinterpret_cast<const char*>(op) + op->advance);
    }
    const uint8_t before = itstate;
    it_before_ = before;
    itstate = before & 7 ? static_cast<uint8_t>((before & 0xE0) | (before << 1 & 0x1F)) : 0;
    ++instructions_;
    if (!condition(before >> 4)) {
      cycles_ += 1;
    } else if (keeps_flags_in_it(op->row)) {
      const uint32_t n = n_flag, z = z_flag, carry = c_flag, v = v_flag;
      cycles_ += op->cycles;
      op->handler(*this, *op);
      n_flag = n, z_flag = z, c_flag = carry, v_flag = v;
    } else {
      cycles_ += op->cycles;
      op->handler(*this, *op);
    }
    it_before_ = 0;
  }
}

bool Cpu::handle_attention(Stop& stop) {
  if (attention_ & kResetRequested) {
    attention_ &= ~kResetRequested;
    stop = Stop::reset;
    return true;
  }
  if (attention_ & kLockedUp) {
    stop = Stop::lockup;
    return true;
  }
  if (attention_ & kExited) {
    stop = Stop::exit;
    return true;
  }
  if (attention_ & kBreakpoint) {
    attention_ &= ~kBreakpoint;
    stop = Stop::breakpoint;
    return true;
  }
  if (attention_ & kTakeException) {
    if (cycles_ >= requested_limit_) return false;
    attention_ &= ~kSleeping;
    take_exception(nvic.best_pending());
    return false;
  }
  if (attention_ & kSleeping) {
    if (!wakes_up()) {
      stop = Stop::sleep;
      return true;
    }
    if (waiting_for_event_) event_ = false;
    attention_ &= ~kSleeping;
  }
  if (attention_ & kNotThumb && cycles_ < requested_limit_) {
    sys.cfsr |= cfsr::kInvState;
    raise(kUsageFault);
  }
  return false;
}

void Cpu::update_limit() {
  const uint64_t tick = systick.due();
  limit_ = attention_ ? 0 : requested_limit_ < tick ? requested_limit_ : tick;
}

void Cpu::set_cycle_limit(uint64_t limit) {
  if (limit < requested_limit_) requested_limit_ = limit;
  update_limit();
}

void Cpu::leave_image(uint32_t address) {
  outside_pc_ = address;
  ip_ = &outside_op_;
  limit_ = 0;
}

void Cpu::execute_outside(const Op& op) {
  --instructions_;
  leave_image(address_of(op));
}

uint32_t Cpu::next_address() const {
  return ip_ == &outside_op_ ? outside_pc_ : image_base_ + static_cast<uint32_t>(ip_ - image_ops_) * 2;
}

uint32_t Cpu::address_of(const Op& op) const {
  const auto distance = reinterpret_cast<uintptr_t>(&op) - reinterpret_cast<uintptr_t>(image_ops_);
  const auto index = static_cast<uint32_t>(distance / sizeof(Op));
  return distance <= image_size_ / 2 * sizeof(Op) ? image_base_ + index * 2 : outside_current_;
}

unsigned Cpu::refill_cost() const { return model_->refill + (ip_ == &outside_op_ ? 0 : flash_wait_); }

void Cpu::branch_exchange(uint32_t value) {
  thumb = value & 1;
  branch_to(value & ~1u);
  if (!thumb) {
    attention_ |= kNotThumb;
    update_limit();
  }
}

void Cpu::interworking_branch(const Op& op, uint32_t value) {
  if (handler_mode() && value >= 0xF0000000) {
    exception_return(op, value);
    // Into an IT block or out of the image: neither is run_image()'s to go on with.
    if (itstate || ip_ == &outside_op_) limit_ = 0;
  } else {
    branch_exchange(value);
  }
}

uint32_t Cpu::apsr() const {
  return (n_flag & 0x80000000) | (z_flag == 0 ? 0x40000000u : 0) | c_flag << 29 | (v_flag >> 31) << 28 |
         (q_flag ? 1u << 27 : 0) | uint32_t{ge} << 16;
}

void Cpu::set_apsr_nzcvq(uint32_t value) {
  n_flag = value;
  z_flag = value & 0x40000000 ? 0 : 1;
  c_flag = value >> 29 & 1;
  v_flag = value << 3;
  q_flag = value & 1u << 27;
}

uint32_t Cpu::xpsr() const {
  return apsr() | (itstate & 3u) << 25 | (itstate & 0xFCu) << 8 | (thumb ? 1u << 24 : 0) | ipsr;
}

void Cpu::set_xpsr(uint32_t value) {
  set_apsr_nzcvq(value);
  ge = value >> 16 & 15;
  itstate = static_cast<uint8_t>((value >> 25 & 3) | (value >> 8 & 0xFC));
  thumb = value >> 24 & 1;
  ipsr = value & 0x1FF;
}

bool Cpu::condition(unsigned cond) const {
  bool result = true;
  switch (cond >> 1) {
    case 0:
      result = z_flag == 0;
      break;
    case 1:
      result = c_flag != 0;
      break;
    case 2:
      result = n_flag >> 31 != 0;
      break;
    case 3:
      result = v_flag >> 31 != 0;
      break;
    case 4:
      result = c_flag && z_flag != 0;
      break;
    case 5:
      result = static_cast<int32_t>(n_flag ^ v_flag) >= 0;
      break;
    case 6:
      result = z_flag != 0 && static_cast<int32_t>(n_flag ^ v_flag) >= 0;
      break;
    default:
      return true;
  }
  return result != (cond & 1);
}

Registers Cpu::registers() const {
  Registers out;
  out.r = r;
  out.r[15] = next_address();
  out.xpsr = xpsr();
  out.msp = msp();
  out.psp = psp();
  out.primask = sys.primask;
  out.faultmask = sys.faultmask;
  out.basepri = sys.basepri;
  out.control = sys.control;
  out.s = s;
  out.fpscr = fpscr;
  return out;
}

void Cpu::set_registers(const Registers& in) {
  sys.primask = in.primask & 1;
  sys.faultmask = in.faultmask & 1;
  sys.basepri = in.basepri & nvic.implemented_mask();
  sys.control = in.control & 7;
  set_xpsr(in.xpsr);
  r = in.r;
  other_sp = (uses_psp() ? in.msp : in.psp) & ~3u;
  r[13] &= ~3u;
  s = in.s;
  attention_ = thumb ? attention_ & ~kNotThumb : attention_ | kNotThumb;
  jump(in.r[15] & ~1u);
  fpscr = in.fpscr & 0xF7C0009F;
  update_fp_mode();
  update_exceptions();
}

std::string Cpu::fault_status() const {
  std::string out = fmt::format("CFSR=0x{:08x} HFSR=0x{:08x}", sys.cfsr, sys.hfsr);
  if (sys.cfsr & cfsr::kMmArValid) out += fmt::format(" MMFAR=0x{:08x}", sys.mmfar);
  if (sys.cfsr & cfsr::kBfArValid) out += fmt::format(" BFAR=0x{:08x}", sys.bfar);
  return out;
}

void Cpu::code_changed(uint32_t address, uint32_t size) {
  if (!image_size_ || size == 0) return;
  const uint64_t image_end = uint64_t{image_base_} + image_size_, end = uint64_t{address} + size;
  if (address >= image_end || end <= image_base_) return;
  const MemoryBlock* block = block_of(image_base_, 4);
  if (!block || block->size - (image_base_ - block->base) < image_size_) return;
  const uint32_t position = next_address();
  if (!private_image_) private_image_ = std::make_unique<CodeImage>(*image_);
  // An instruction that begins up to three halfwords earlier may take its pairing cost or its second half
  // from the changed bytes.
  const uint32_t first = address < image_base_ + 6 ? image_base_ : address - 6;
  const auto last = static_cast<uint32_t>(end < image_end ? end : image_end);
  private_image_->decode({block->bytes + (image_base_ - block->base), image_size_}, first, last);
  image_ops_ = private_image_->ops();
  if (ip_) jump(position);
  // What was translated is of the old code. Firmware that goes on changing it is left to the interpreter.
  if (translated_) retired_.push_back(std::move(translated_));
  translated_.reset();
  jit_state.limit_seen = kNever - 1;
  constexpr unsigned kManyChanges = 100'000;
  constexpr uint64_t kPause = 1'000'000;
  if (++code_changes_ < kManyChanges) translate_again_at_ = cycles_ + kPause;
}

}  // namespace xedgesim::isa::arm

namespace xedgesim::isa {

bool translator_available() {
  static const bool available = [] {
    struct Nothing : Host {
      bool read(uint32_t, unsigned, uint32_t&) override { return false; }
      bool write(uint32_t, unsigned, uint32_t) override { return false; }
    } host;
    std::vector<uint8_t> ram(256);
    const arm::Cpu cpu({}, host, {{.base = 0x20000000, .size = 256, .bytes = ram.data(), .writable = true}},
                       nullptr);
    return arm::jit::CodeCache::create({.image_size = 4, .ram_size = 256}, cpu) != nullptr;
  }();
  return available;
}

std::unique_ptr<Core> make_cortex_m(const CortexMConfig& config, Host& host, std::vector<MemoryBlock> memory,
                                    std::shared_ptr<const CodeImage> code) {
  return std::make_unique<arm::Cpu>(config, host, std::move(memory), std::move(code));
}

}  // namespace xedgesim::isa
