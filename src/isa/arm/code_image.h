#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "isa/arm/cortex_m.h"
#include "isa/arm/op.h"

namespace xedgesim::isa::arm {
class Cpu;
}
namespace xedgesim::isa::arm::jit {
class CodeCache;
struct Layout;
}  // namespace xedgesim::isa::arm::jit

namespace xedgesim::isa {

/// See cortex_m.h. One record a halfword plus one behind the end that leaves the image.
class CodeImage {
 public:
  CodeImage(const CortexMConfig& config, uint32_t base, std::span<const uint8_t> bytes);
  /// A copy has translations of its own.
  CodeImage(const CodeImage& other)
      : base_(other.base_), size_(other.size_), wait_states_(other.wait_states_), ops_(other.ops_) {}
  CodeImage& operator=(const CodeImage&) = delete;

  uint32_t base() const { return base_; }
  uint32_t size() const { return size_; }
  const arm::Op* ops() const { return ops_.data(); }
  unsigned wait_states() const { return wait_states_; }
  /// The host code of this image for cores with that layout; null when it cannot be translated.
  std::shared_ptr<arm::jit::CodeCache> translations(const arm::jit::Layout& layout,
                                                    const arm::Cpu& cpu) const;
  /// Decodes [first, last) again after its bytes changed; `bytes` is the whole image. Only on a private copy.
  void decode(std::span<const uint8_t> bytes, uint32_t first, uint32_t last);

 private:
  uint32_t base_, size_;
  unsigned wait_states_;
  std::vector<arm::Op> ops_;
  mutable std::mutex translating_;
  mutable std::vector<std::shared_ptr<arm::jit::CodeCache>> translations_;
};

}  // namespace xedgesim::isa
