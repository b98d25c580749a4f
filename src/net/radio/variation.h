#pragma once
#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace xedgesim::net {

/// What the air does to a pair of stations beside the path loss. Everything is a pure function of the seed,
/// the two names and, for fading, the time, the same in both directions: another station never changes it.
struct Variation {
  enum class Fading : uint8_t { none, rayleigh, rician };
  double shadowing_db =
      0;  ///< standard deviation of a normal loss in dB, drawn once a pair, at most 4 of them
  Fading fading = Fading::none;
  double rician_k_db = 6;  ///< direct over scattered power
  /// A pair's fading holds for that long (block fading) and is independent between blocks; a frame keeps what
  /// it began with.
  Duration coherence = Duration::ms(100);

  bool none() const { return shadowing_db == 0 && fading == Fading::none; }
  /// The most it can add to a received power, dB.
  double largest_gain_db() const;
};

/// Names a pair of stations by the keys of both, in either order.
uint64_t pair_key(uint64_t a, uint64_t b);
/// Loss in dB; negative is a gain.
double shadowing_db(const Variation& v, uint64_t pair);
/// Power gain in dB of the block in which `t` lies: mean power 1, at most +15 dB, at least -60 dB.
double fading_gain_db(const Variation& v, uint64_t pair, SimTime t);

}  // namespace xedgesim::net
