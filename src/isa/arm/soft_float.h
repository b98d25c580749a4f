#pragma once
#include <cstdint>

/// FPv4-SP arithmetic bit by bit, as the pseudocode of ARMv7-M ARM A2.5: every rounding mode, flush-to-zero,
/// default NaN, NaN propagation and exception flags. The reference for, and slow path of, the host
/// arithmetic.
namespace xedgesim::isa::arm::soft_float {

enum Flag : uint32_t { kIoc = 1, kDzc = 2, kOfc = 4, kUfc = 8, kIxc = 16, kIdc = 128 };
enum Rounding : uint8_t { kNearest, kPlus, kMinus, kZero };
inline constexpr uint32_t kDefaultNan = 0x7FC00000;

/// Modes from FPSCR; gathers flags.
struct Env {
  explicit Env(uint32_t fpscr)
      : rounding(static_cast<Rounding>(fpscr >> 22 & 3)),
        flush(fpscr >> 24 & 1),
        default_nan(fpscr >> 25 & 1),
        alternative_half(fpscr >> 26 & 1) {}
  Rounding rounding;
  bool flush, default_nan, alternative_half;
  uint32_t flags = 0;
};

inline bool is_nan(uint32_t v) { return (v & 0x7FFFFFFF) > 0x7F800000; }

uint32_t add(uint32_t a, uint32_t b, Env& env);
uint32_t subtract(uint32_t a, uint32_t b, Env& env);
uint32_t multiply(uint32_t a, uint32_t b, Env& env);
uint32_t divide(uint32_t a, uint32_t b, Env& env);
uint32_t square_root(uint32_t a, Env& env);
/// addend + a * b, rounded once.
uint32_t fused_multiply_add(uint32_t addend, uint32_t a, uint32_t b, Env& env);

/// NZCV in bits 31:28. `quiet_nan_signals`: VCMPE.
uint32_t compare(uint32_t a, uint32_t b, bool quiet_nan_signals, Env& env);

/// a * 2^fraction_bits rounded and saturated to `width` bits (sign- or zero-extended).
uint32_t to_fixed(uint32_t a, unsigned fraction_bits, bool is_signed, unsigned width, Rounding rounding,
                  Env& env);
/// value / 2^fraction_bits.
uint32_t from_fixed(uint32_t value, unsigned fraction_bits, bool is_signed, Rounding rounding, Env& env);

uint32_t from_half(uint16_t half, Env& env);
uint16_t to_half(uint32_t a, Env& env);

}  // namespace xedgesim::isa::arm::soft_float
