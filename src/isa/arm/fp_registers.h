#pragma once
#include "isa/arm/cpu.h"
#include "isa/arm/decode.h"

/// What the floating-point handler files share: register numbers in pictures (e/E is Vd and D, f/F Vn and N,
/// g/G Vm and M) and the access check.
namespace xedgesim::isa::arm {

inline uint8_t single(const Fields& f, char four_bits, char low_bit) {
  return static_cast<uint8_t>(f[four_bits] << 1 | f[low_bit]);
}
/// First single register of a double register; FPv4-SP has D0 to D15 (bit 32 set beyond).
inline uint8_t first_of_double(const Fields& f, char four_bits, char high_bit) {
  return static_cast<uint8_t>((f[high_bit] << 4 | f[four_bits]) * 2);
}
inline void set_singles(const Fields& f, Op& op) {
  op.rd = single(f, 'e', 'E');
  op.rn = single(f, 'f', 'F');
  op.rm = single(f, 'g', 'G');
}

/// False: the instruction faulted.
inline bool fp_ready(Cpu& c, const Op& op) { return c.fp_mode != Cpu::FpMode::not_ready || c.prepare_fp(op); }

}  // namespace xedgesim::isa::arm
