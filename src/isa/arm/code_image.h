#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "isa/arm/cortex_m.h"
#include "isa/arm/op.h"

namespace xedgesim::isa {

/// See cortex_m.h. One record a halfword plus one behind the end that leaves the image.
class CodeImage {
 public:
  CodeImage(const CortexMConfig& config, uint32_t base, std::span<const uint8_t> bytes);

  uint32_t base() const { return base_; }
  uint32_t size() const { return size_; }
  const arm::Op* ops() const { return ops_.data(); }
  unsigned wait_states() const { return wait_states_; }
  /// Decodes [first, last) again after its bytes changed; `bytes` is the whole image. Only on a private copy.
  void decode(std::span<const uint8_t> bytes, uint32_t first, uint32_t last);

 private:
  uint32_t base_, size_;
  unsigned wait_states_;
  std::vector<arm::Op> ops_;
};

}  // namespace xedgesim::isa
