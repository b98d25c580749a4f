#pragma once
#include <cstdint>
#include <memory>
#include <span>

#include "isa/arm/cortex_m.h"
#include "platforms/firmware_image.h"

namespace xedgesim::platforms {

/// Host memory of one guest block: pages appear when they are touched.
class HostMemory {
 public:
  /// Zero-filled.
  static HostMemory anonymous(uint32_t size);
  /// A copy-on-write view of `fd`: pages are shared with every other view until they are written.
  static HostMemory copy_of(int fd, uint32_t size);
  HostMemory() = default;
  HostMemory(HostMemory&& o) noexcept;
  HostMemory& operator=(HostMemory&& o) noexcept;
  ~HostMemory();

  uint8_t* bytes() const { return bytes_; }
  uint32_t size() const { return size_; }
  /// Back to the contents it was made with; forgets the pages.
  void discard();

 private:
  HostMemory(uint8_t* bytes, uint32_t size) : bytes_(bytes), size_(size) {}
  uint8_t* bytes_ = nullptr;
  uint32_t size_ = 0;
};

/// Flash contents programmed once and decoded once for all nodes that run the same image.
class FlashTemplate {
 public:
  /// `image` segments outside [base, base + size) are ignored here. Erased flash reads 0xff.
  FlashTemplate(const isa::CortexMConfig& config, uint32_t base, uint32_t size, const FirmwareImage& image);
  ~FlashTemplate();
  FlashTemplate(const FlashTemplate&) = delete;
  FlashTemplate& operator=(const FlashTemplate&) = delete;

  HostMemory map() const { return HostMemory::copy_of(fd_, size_); }
  const std::shared_ptr<const isa::CodeImage>& code() const { return code_; }

 private:
  int fd_ = -1;
  uint32_t size_;
  std::shared_ptr<const isa::CodeImage> code_;
};

}  // namespace xedgesim::platforms
