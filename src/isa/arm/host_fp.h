#pragma once
#include <cfenv>
#include <cstdint>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/// The host's floating-point status, used as the guest's gathering place for exception flags while it
/// computes with host arithmetic. Rounding stays to nearest: other guest modes go through soft_float.
///
/// On x86-64 all arithmetic here is SSE's: only MXCSR is looked at, since <cfenv> also empties the x87's status,
/// which takes longer than an access to a device.
namespace xedgesim::isa::arm::host_fp {

#if defined(__x86_64__)

/// Flags in FPSCR's positions (IOC 0, DZC 1, OFC 2, UFC 3, IXC 4).
inline uint32_t flags() {
  const uint32_t m = _mm_getcsr();  // IE 0, DE 1, ZE 2, OE 3, UE 4, PE 5
  return (m & 1) | (m >> 1 & 0x1E);
}
inline void clear() { _mm_setcsr(_mm_getcsr() & ~0x3Fu); }

/// The default environment inside, the caller's restored after.
class Scope {
 public:
  Scope() : saved_(_mm_getcsr()) { _mm_setcsr(0x1F80); }
  ~Scope() { _mm_setcsr(saved_); }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  uint32_t saved_;
};

#else

inline uint32_t flags() {
  const int f = std::fetestexcept(FE_ALL_EXCEPT);
  return (f & FE_INVALID ? 1u : 0) | (f & FE_DIVBYZERO ? 2u : 0) | (f & FE_OVERFLOW ? 4u : 0) |
         (f & FE_UNDERFLOW ? 8u : 0) | (f & FE_INEXACT ? 16u : 0);
}
inline void clear() { std::feclearexcept(FE_ALL_EXCEPT); }

class Scope {
 public:
  Scope() {
    std::fegetenv(&saved_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~Scope() { std::fesetenv(&saved_); }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  std::fenv_t saved_;
};

#endif

}  // namespace xedgesim::isa::arm::host_fp
