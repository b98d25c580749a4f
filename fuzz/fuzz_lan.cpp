#include "lan_frames.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  xedgesim::fuzz::lan_frame({data, size});
  return 0;
}
