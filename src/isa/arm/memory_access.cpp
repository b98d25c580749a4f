// Memory access behind the fast paths of cpu.h: unaligned accesses, further blocks, the private peripheral
// bus and the machine's devices (ARMv7-M ARM A3.2, B2.2, B3.1).
#include "isa/arm/cpu.h"
#include "isa/arm/host_fp.h"

namespace xedgesim::isa::arm {
namespace {

uint32_t read_bytes(const uint8_t* p, unsigned width) {
  uint32_t v = 0;
  std::memcpy(&v, p, width);
  return v;
}

}  // namespace

const MemoryBlock* Cpu::block_of(uint32_t address, unsigned width) const {
  for (const MemoryBlock& b : blocks_)
    if (address - b.base < b.size && b.size - (address - b.base) >= width) return &b;
  return nullptr;
}

bool Cpu::peek(uint32_t address, uint16_t& halfword) const {
  const MemoryBlock* b = block_of(address, 2);
  if (b) std::memcpy(&halfword, b->bytes + (address - b->base), 2);
  return b != nullptr;
}

bool Cpu::fetch(uint32_t address, uint16_t& halfword, uint32_t& fault_bit) {
  fault_bit = cfsr::kIAccViol;
  if (never_executes(address) || !rights(address).execute) return false;
  if (peek(address, halfword)) return true;
  uint32_t v = 0;
  fault_bit = cfsr::kIBusErr;
  if (!host_read(address, 2, v)) return false;
  halfword = static_cast<uint16_t>(v);
  return true;
}

bool Cpu::host_read(uint32_t address, unsigned width, uint32_t& value) {
  const bool computing = fp_mode == FpMode::host;
  if (computing) fold_fp_flags();
  const bool ok = host_.read(address, width, value);
  if (width < 4) value &= (1u << 8 * width) - 1;
  if (computing) host_fp::clear();
  return ok;
}

bool Cpu::host_write(uint32_t address, unsigned width, uint32_t value) {
  const bool computing = fp_mode == FpMode::host;
  if (computing) fold_fp_flags();
  if (width < 4) value &= (1u << 8 * width) - 1;
  const bool ok = host_.write(address, width, value);
  if (computing) host_fp::clear();
  return ok;
}

bool Cpu::raw_read(uint32_t address, unsigned width, uint32_t& value) {
  value = 0;
  if (is_device(address)) [[likely]]
    return host_read(address, width, value);
  if (const MemoryBlock* b = block_of(address, width)) {
    value = read_bytes(b->bytes + (address - b->base), width);
    return true;
  }
  if (is_private(address)) return privileged() && !user_access_ && read_private(*this, address, width, value);
  return host_read(address, width, value);
}

bool Cpu::raw_write(uint32_t address, unsigned width, uint32_t value) {
  if (is_device(address)) [[likely]]
    return host_write(address, width, value);
  if (const MemoryBlock* b = block_of(address, width); b && b->writable) {
    std::memcpy(b->bytes + (address - b->base), &value, width);
    return true;
  }
  if (width < 4) value &= (1u << 8 * width) - 1;
  if (is_private(address))
    return privileged() && !user_access_ && write_private(*this, address, width, value);
  return host_write(address, width, value);
}

bool Cpu::debug_read(uint32_t address, unsigned width, uint32_t& value) {
  if (is_private(address) && !block_of(address, width)) return read_private(*this, address, width, value);
  return raw_read(address, width, value);
}

bool Cpu::debug_write(uint32_t address, unsigned width, uint32_t value) {
  if (const MemoryBlock* b = block_of(address, width); b && !b->writable) return false;
  if (is_private(address)) return write_private(*this, address, width, value);
  return raw_write(address, width, value);
}

Cpu::Outcome Cpu::checked_read(uint32_t address, unsigned width, uint32_t& value) {
  if (guard_ != Guard::open && !is_private(address) && !rights(address).read) return Outcome::violation;
  if (!raw_read(address, width, value)) return Outcome::bus_error;
  if (checked_) watch(address, width, false);
  return Outcome::done;
}

Cpu::Outcome Cpu::checked_write(uint32_t address, unsigned width, uint32_t value) {
  if (guard_ != Guard::open && !is_private(address) && !rights(address).write) return Outcome::violation;
  if (!raw_write(address, width, value)) return Outcome::bus_error;
  if (checked_) watch(address, width, true);
  return Outcome::done;
}

/// Splits an unaligned access into aligned ones, as the bus interface does. `address` becomes that of the
/// part that failed.
Cpu::Outcome Cpu::access_memory(uint32_t& address, unsigned width, uint32_t& value, bool write) {
  if ((address & (width - 1)) == 0)
    return write ? checked_write(address, width, value) : checked_read(address, width, value);
  const unsigned step = address & 1 ? 1 : 2;
  uint32_t all = 0;
  for (unsigned i = 0; i < width; i += step) {
    uint32_t part = value >> 8 * i;
    if (step == 1) part &= 0xFF;
    if (step == 2) part &= 0xFFFF;
    const Outcome o = write ? checked_write(address + i, step, part) : checked_read(address + i, step, part);
    if (o == Outcome::violation) address += i;
    if (o != Outcome::done) return o;
    all |= part << 8 * i;
  }
  if (!write) value = all;
  cycles_ += width == 4 && step == 1 ? 2 : 1;
  return Outcome::done;
}

bool Cpu::access_fault(const Op& op, Outcome outcome, uint32_t address) {
  if (outcome == Outcome::violation) {
    sys.mmfar = address;
    fault(op, kMemManage, cfsr::kDAccViol | cfsr::kMmArValid);
  } else {
    sys.bfar = address;
    fault(op, kBusFault, cfsr::kPrecisErr | cfsr::kBfArValid);
  }
  return false;
}

/// What the fast path would have charged, had it been allowed to look.
unsigned Cpu::slow_flash_wait(uint32_t address, unsigned width) const {
  const bool direct = address - whole_flash_.base < whole_flash_.size && (address & (width - 1)) == 0;
  return checked_ && direct ? flash_wait_ : 0;
}

bool Cpu::load_slow(const Op& op, uint32_t address, unsigned width, uint32_t& value) {
  if (address & (width - 1) && sys.ccr & ccr::kUnalignTrp) return check_aligned(op, address, width);
  access_cost_ = op.cycles;
  uint32_t v = 0;
  const Outcome outcome = access_memory(address, width, v, false);
  access_cost_ = 0;
  if (outcome != Outcome::done) return access_fault(op, outcome, address);
  cycles_ += slow_flash_wait(address, width);
  value = v;
  return true;
}

bool Cpu::store_slow(const Op& op, uint32_t address, unsigned width, uint32_t value) {
  if (address & (width - 1) && sys.ccr & ccr::kUnalignTrp) return check_aligned(op, address, width);
  access_cost_ = op.cycles;
  const Outcome outcome = access_memory(address, width, value, true);
  access_cost_ = 0;
  return outcome == Outcome::done || access_fault(op, outcome, address);
}

bool Cpu::check_aligned(const Op& op, uint32_t address, unsigned width) {
  if ((address & (width - 1)) == 0) return true;
  fault(op, kUsageFault, cfsr::kUnaligned);
  return false;
}

bool Cpu::load_aligned(const Op& op, uint32_t address, uint32_t& value) {
  return check_aligned(op, address, 4) && load<uint32_t>(op, address, value);
}

bool Cpu::store_aligned(const Op& op, uint32_t address, uint32_t value) {
  return check_aligned(op, address, 4) && store<uint32_t>(op, address, value);
}

}  // namespace xedgesim::isa::arm
