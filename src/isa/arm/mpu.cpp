#include "isa/arm/mpu.h"

namespace xedgesim::isa::arm {
namespace {

/// RASR.AP (B3.5.9, table B3-15).
Mpu::Rights rights_of(uint32_t rasr, bool privileged) {
  Mpu::Rights r;
  switch (rasr >> 24 & 7) {
    case 1:
      r.read = r.write = privileged;
      break;
    case 2:
      r.read = true;
      r.write = privileged;
      break;
    case 3:
      r.read = r.write = true;
      break;
    case 5:
      r.read = privileged;
      break;
    case 6:
    case 7:
      r.read = true;
      break;
    default:
      break;
  }
  r.execute = r.read && !(rasr & 1u << 28);
  return r;
}

}  // namespace

bool Mpu::Region::covers(uint32_t address) const {
  if (!enabled() || size_exponent() < 5) return false;
  const uint32_t offset = address - base();
  if (size_exponent() < 32 && offset >> size_exponent() != 0) return false;
  if (size_exponent() < 8) return true;  // too small for subregions
  return !(rasr >> (8 + (offset >> (size_exponent() - 3))) & 1);
}

Mpu::Rights Mpu::rights(uint32_t address, bool privileged) const {
  for (unsigned n = kRegions; n-- > 0;)
    if (regions_[n].covers(address)) {
      Rights r = rights_of(regions_[n].rasr, privileged);
      r.execute &= !never_executes(address);
      return r;
    }
  if (privileged && ctrl_ & 4) return {true, true, !never_executes(address)};  // PRIVDEFENA
  return {};
}

uint32_t Mpu::next_edge(uint32_t address) const {
  uint64_t nearest = uint64_t{1} << 32;
  const auto edge = [&](uint64_t e) {
    if (e > address && e < nearest) nearest = e;
  };
  for (const Region& r : regions_) {
    if (!r.enabled() || r.size_exponent() < 5) continue;
    const unsigned parts = r.size_exponent() < 8 ? 1 : 8;
    const uint64_t step = (uint64_t{1} << r.size_exponent()) / parts;
    for (unsigned i = 0; i <= parts; ++i) edge(r.base() + i * step);
  }
  // The default memory map changes at multiples of 512 MiB.
  edge((uint64_t{address} | 0x1FFFFFFF) + 1);
  return static_cast<uint32_t>(nearest);
}

uint32_t Mpu::read(uint32_t offset) const {
  switch (offset) {
    case 0xD90:
      return kRegions << 8;  // MPU_TYPE: one unified set of regions
    case 0xD94:
      return ctrl_;
    case 0xD98:
      return rnr_;
    default:  // RBAR and RASR, and their aliases
      return (offset & 4) ? (regions_[rnr_].rbar & ~0x1Fu) | rnr_ : regions_[rnr_].rasr;
  }
}

void Mpu::write(uint32_t offset, uint32_t value) {
  switch (offset) {
    case 0xD90:
      return;
    case 0xD94:
      ctrl_ = value & 7;
      return;
    case 0xD98:
      rnr_ = value & (kRegions - 1);
      return;
    default:
      break;
  }
  if (offset & 4) {  // D9C, DA4, DAC, DB4
    if (value & 0x10) rnr_ = value & (kRegions - 1);
    regions_[rnr_].rbar = value & ~0x1Fu;
  } else {
    regions_[rnr_].rasr = value & 0x173FFF3F;
  }
}

}  // namespace xedgesim::isa::arm
