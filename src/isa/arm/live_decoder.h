#pragma once
#include <cstdint>
#include <vector>

#include "isa/arm/op.h"

namespace xedgesim::isa::arm {

class Cpu;

/// Decodes what runs outside the code image (RAM, changed flash, external memory). A record is used again
/// only while the bytes it was made from are still there, so writes need not be tracked, by whomever they are
/// made.
class LiveDecoder {
 public:
  /// Record of the instruction at `address`; null when the fetch faulted (`fault_bit` says how).
  const Op* fetch(Cpu& cpu, uint32_t address, uint32_t& fault_bit);

 private:
  static constexpr unsigned kEntries = 1024;
  struct Entry {
    uint32_t address = 1;  // no instruction stands at an odd address
    uint64_t bytes = 0;
    Op op;
  };
  std::vector<Entry> entries_;  // allocated when first used
};

}  // namespace xedgesim::isa::arm
