#include "isa/arm/watchpoints.h"

#include <algorithm>

namespace xedgesim::isa::arm {
namespace {

constexpr uint32_t kMatched = 1u << 24;

}  // namespace

uint32_t Watchpoints::read(uint32_t offset) {
  Comparator& c = comparators_[(offset - kFirstRegister) / 16];
  switch (offset & 0xC) {
    case 0:
      return c.comp;
    case 4:
      return c.mask;
    case 8: {
      const uint32_t v = c.function;
      c.function &= ~kMatched;  // cleared by reading
      return v;
    }
    default:
      return 0;
  }
}

void Watchpoints::write(uint32_t offset, uint32_t value) {
  Comparator& c = comparators_[(offset - kFirstRegister) / 16];
  switch (offset & 0xC) {
    case 0:
      c.comp = value;
      break;
    case 4:
      c.mask = value & 15;  // the Cortex-M4 masks up to 32 KiB
      break;
    case 8:
      c.function = value & 15;
      break;
    default:
      break;
  }
}

bool Watchpoints::any() const {
  return std::any_of(comparators_.begin(), comparators_.end(),
                     [](const Comparator& c) { return c.active(); });
}

bool Watchpoints::match(uint32_t address, unsigned width, bool write) {
  bool matched = false;
  for (Comparator& c : comparators_) {
    if (!c.active() || !(c.function & (write ? 2u : 1u))) continue;
    const uint32_t offset = address - c.base();  // wraps for accesses that begin before
    if (offset < c.size() || c.base() - address < width) {
      c.function |= kMatched;
      matched = true;
    }
  }
  return matched;
}

bool Watchpoints::covers(uint32_t address) const {
  return std::any_of(comparators_.begin(), comparators_.end(),
                     [&](const Comparator& c) { return c.active() && address - c.base() < c.size(); });
}

uint32_t Watchpoints::next_edge(uint32_t address) const {
  uint64_t nearest = uint64_t{1} << 32;
  for (const Comparator& c : comparators_) {
    if (!c.active()) continue;
    for (const uint64_t e : {uint64_t{c.base()}, c.base() + c.size()})
      if (e > address && e < nearest) nearest = e;
  }
  return static_cast<uint32_t>(nearest);
}

}  // namespace xedgesim::isa::arm
