#include "platforms/address_space.h"

#include <fmt/format.h>

#include "base/error.h"

namespace xedgesim::platforms {

void AddressSpace::add(bus::Device& device) {
  const uint64_t end = uint64_t{device.base()} + device.size();
  for (uint64_t a = device.base() & ~((1u << kPageBits) - 1); a < end; a += 1u << kPageBits) {
    auto& region = regions_[a >> 24];
    const size_t page = a >> kPageBits & 0xfff;
    if (region.size() <= page) region.resize(page + 1);
    bus::Device*& entry = region[page];
    if (entry)
      throw ConfigError(fmt::format("platform: devices '{}' and '{}' both lie at 0x{:08x}", entry->name(),
                                    device.name(), a));
    entry = &device;
  }
}

void AddressSpace::add_unmodelled(uint32_t base, uint32_t size) { unmodelled_.push_back({base, size}); }

bool AddressSpace::unmodelled(uint32_t address) const {
  for (const Hole& h : unmodelled_)
    if (address - h.base < h.size) return true;
  return false;
}

}  // namespace xedgesim::platforms
