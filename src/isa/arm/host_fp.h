#pragma once
#include <cfenv>
#include <cstdint>

/// The host's floating-point status, used as the guest's gathering place for exception flags while it
/// computes with host arithmetic. Rounding stays to nearest: other guest modes go through soft_float.
namespace xedgesim::isa::arm::host_fp {

/// Flags in FPSCR's positions (IOC 0, DZC 1, OFC 2, UFC 3, IXC 4).
inline uint32_t flags() {
  const int f = std::fetestexcept(FE_ALL_EXCEPT);
  return (f & FE_INVALID ? 1u : 0) | (f & FE_DIVBYZERO ? 2u : 0) | (f & FE_OVERFLOW ? 4u : 0) |
         (f & FE_UNDERFLOW ? 8u : 0) | (f & FE_INEXACT ? 16u : 0);
}
inline void clear() { std::feclearexcept(FE_ALL_EXCEPT); }

/// The default environment inside, the caller's restored after.
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

}  // namespace xedgesim::isa::arm::host_fp
