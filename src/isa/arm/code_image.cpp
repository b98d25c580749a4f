#include "isa/arm/code_image.h"

#include "base/error.h"
#include "isa/arm/cpu.h"
#include "isa/arm/decode.h"
#include "isa/arm/jit/code_cache.h"

namespace xedgesim::isa {
namespace arm {

/// Stands behind the last record: execution goes on outside the image.
struct ImageEnd {
  static void run(Cpu& c, const Op&) {
    --c.instructions_;
    c.leave_image(c.image_base_ + c.image_size_);
  }
};

}  // namespace arm

CodeImage::CodeImage(const CortexMConfig& config, uint32_t base, std::span<const uint8_t> bytes)
    : base_(base), size_(static_cast<uint32_t>(bytes.size()) & ~1u), wait_states_(config.flash_wait_states) {
  if (base % 2 != 0 || bytes.size() > (1u << 28) || uint64_t{base} + bytes.size() > (uint64_t{1} << 32))
    throw ConfigError("code image: the base must be even and the end inside 4 GiB, at most 256 MiB long");
  ops_.resize(size_ / 2 + 1);
  decode(bytes, base, base + size_);
}

void CodeImage::decode(std::span<const uint8_t> bytes, uint32_t first, uint32_t last) {
  const auto halfword = [&](uint32_t offset) -> uint32_t {
    return offset + 1 < size_ ? bytes[offset] | bytes[offset + 1] << 8 : 0u;
  };
  arm::Op end;
  end.handler = arm::ImageEnd::run;
  for (uint32_t offset = (first - base_) & ~1u; offset < last - base_; offset += 2) {
    const uint32_t h = halfword(offset);
    arm::Site site;
    site.address = base_ + offset;
    site.wide = arm::is_wide(static_cast<uint16_t>(h));
    site.raw = site.wide ? h << 16 | halfword(offset + 2) : h;
    site.image_base = base_;
    site.image_size = size_;
    site.wait_states = wait_states_;
    const uint32_t next = offset + (site.wide ? 4 : 2);
    site.next = halfword(next) << 16 | halfword(next + 2);
    if (site.wide && offset + 2 >= size_) {
      // Half of this instruction is outside; it is decoded there.
      ops_[offset / 2].handler = [](arm::Cpu& c, const arm::Op& op) { c.execute_outside(op); };
      continue;
    }
    ops_[offset / 2] = arm::decode(site);
  }
  ops_.back() = end;
}

std::shared_ptr<arm::jit::CodeCache> CodeImage::translations(const arm::jit::Layout& layout,
                                                             const arm::Cpu& cpu) const {
  const std::lock_guard lock(translating_);
  for (const auto& t : translations_)
    if (t->layout() == layout) return t;
  auto made = arm::jit::CodeCache::create(layout, cpu);
  if (made) translations_.push_back(made);
  return made;
}

std::shared_ptr<const CodeImage> make_code_image(const CortexMConfig& config, uint32_t base,
                                                 std::span<const uint8_t> bytes) {
  return std::make_shared<const CodeImage>(config, base, bytes);
}

}  // namespace xedgesim::isa
