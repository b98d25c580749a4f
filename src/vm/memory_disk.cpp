#include "vm/memory_disk.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace xedgesim::vm {

MemoryDisk::MemoryDisk(const SparseDisk& content)
    : file_(memfd_create("xedgesim-disk", MFD_CLOEXEC)),
      bytes_((content.sectors() * SparseDisk::kSector + kAlignment - 1) / kAlignment * kAlignment) {
  if (file_.get() < 0 || ftruncate(file_.get(), bytes_) != 0)
    throw SimulationError(
        fmt::format("cannot make a disk of {} bytes in memory: {}", bytes_, std::strerror(errno)));
  content.copy_to(file_.get());
}

}  // namespace xedgesim::vm
