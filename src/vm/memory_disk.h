#pragma once
#include <cstdint>

#include "base/descriptor.h"
#include "vm/sparse_disk.h"

namespace xedgesim::vm {

/// A disk in a file of the host's memory, for a guest's NVDIMM: QEMU maps it. It begins with the content of
/// another disk, costs what is in it, and keeps what is written while it lives, also when QEMU ends.
class MemoryDisk {
 public:
  /// Throws SimulationError when the host has no room for it.
  explicit MemoryDisk(const SparseDisk& content);

  /// The size of an NVDIMM is a multiple of this: what Linux maps at once on x86-64.
  static constexpr int64_t kAlignment = int64_t{2} << 20;
  int file() const { return file_.get(); }
  /// That of the content, rounded up to kAlignment; zeros behind its end.
  int64_t bytes() const { return bytes_; }

 private:
  Descriptor file_;
  int64_t bytes_ = 0;
};

}  // namespace xedgesim::vm
