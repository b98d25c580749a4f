#include "platforms/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "base/error.h"

namespace xedgesim::platforms {
namespace {

constexpr uint32_t kPage = 4096;

uint8_t* map_or_throw(uint32_t size, int flags, int fd) {
  void* p = mmap(nullptr, size, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, fd, 0);
  if (p == MAP_FAILED)
    throw SimulationError("the host has no memory left for another node: run fewer devices");
  return static_cast<uint8_t*>(p);
}

}  // namespace

HostMemory HostMemory::anonymous(uint32_t size) {
  return {map_or_throw(size, MAP_PRIVATE | MAP_ANONYMOUS, -1), size};
}

HostMemory HostMemory::copy_of(int fd, uint32_t size) { return {map_or_throw(size, MAP_PRIVATE, fd), size}; }

HostMemory::HostMemory(HostMemory&& o) noexcept
    : bytes_(std::exchange(o.bytes_, nullptr)), size_(std::exchange(o.size_, 0)) {}

HostMemory& HostMemory::operator=(HostMemory&& o) noexcept {
  std::swap(bytes_, o.bytes_);
  std::swap(size_, o.size_);
  return *this;
}

HostMemory::~HostMemory() {
  if (bytes_) munmap(bytes_, size_);
}

void HostMemory::discard() { madvise(bytes_, size_, MADV_DONTNEED); }

FlashTemplate::FlashTemplate(const isa::CortexMConfig& config, uint32_t base, uint32_t size,
                             const FirmwareImage& image)
    : size_(size) {
  std::vector<uint8_t> bytes(size, 0xff);
  uint32_t used = 0;
  for (const auto& s : image.segments()) {
    if (s.address < base || s.address - base > size || s.bytes.size() > size - (s.address - base)) continue;
    std::copy(s.bytes.begin(), s.bytes.end(), bytes.begin() + (s.address - base));
    used = std::max(used, static_cast<uint32_t>(s.address - base + s.bytes.size()));
  }
  fd_ = memfd_create("xedgesim-flash", MFD_CLOEXEC);
  size_t written = 0;
  while (fd_ >= 0 && written < bytes.size()) {
    const ssize_t n = write(fd_, bytes.data() + written, bytes.size() - written);
    if (n <= 0) break;
    written += static_cast<size_t>(n);
  }
  if (written != bytes.size()) {
    if (fd_ >= 0) close(fd_);
    throw SimulationError("the host has no memory left for the flash of a node");
  }
  used = std::min(size, (used + kPage - 1) / kPage * kPage);
  if (used > 0) code_ = isa::make_code_image(config, base, std::span(bytes).first(used));
}

FlashTemplate::~FlashTemplate() { close(fd_); }

}  // namespace xedgesim::platforms
