#pragma once
#include "base/rng.h"
#include "sim/event.h"

// What parsers of outside data are fed with: pure noise, and good messages with a few bytes changed, cut off
// or added.
namespace xedgesim {

inline sim::Bytes noise(RandomStream& r, uint32_t longest) {
  sim::Bytes b(r.below(longest + 1));
  for (auto& x : b) x = static_cast<uint8_t>(r());
  return b;
}

inline void spoil(sim::Bytes& b, RandomStream& r) {
  for (uint32_t n = r.below(4); n > 0 && !b.empty(); --n)
    b[r.below(static_cast<uint32_t>(b.size()))] = static_cast<uint8_t>(r());
  if (r.chance(0.2)) b.resize(r.below(static_cast<uint32_t>(b.size() + 1)));
  if (r.chance(0.1)) b.insert(b.end(), r.below(5), uint8_t{0});
}

}  // namespace xedgesim
