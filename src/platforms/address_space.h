#pragma once
#include <array>
#include <vector>

#include "bus/interconnect.h"

namespace xedgesim::platforms {

/// Finds the device that answers at an address. Devices occupy whole 4 KiB pages; lookup is two array reads.
class AddressSpace final : public bus::AddressMap {
 public:
  static constexpr uint32_t kPageBits = 12;

  /// Devices may not overlap; a block smaller than a page takes the whole page.
  /// Throws ConfigError naming both devices when they do.
  void add(bus::Device& device);
  /// Addresses whose peripheral is not modelled: reads answer 0, once logged.
  void add_unmodelled(uint32_t base, uint32_t size);

  bus::Device* find(uint32_t address) override {
    const std::vector<bus::Device*>& region = regions_[address >> 24];
    const uint32_t page = address >> kPageBits & 0xfff;
    if (page >= region.size()) return nullptr;
    bus::Device* d = region[page];
    return d && address - d->base() < d->size() ? d : nullptr;
  }
  bool unmodelled(uint32_t address) const;

 private:
  struct Hole {
    uint32_t base, size;
  };
  std::array<std::vector<bus::Device*>, 256> regions_;  // by top byte, then page
  std::vector<Hole> unmodelled_;
};

}  // namespace xedgesim::platforms
