#include "boot_snapshots.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  xedgesim::fuzz::boot_snapshot({data, size});
  return 0;
}
