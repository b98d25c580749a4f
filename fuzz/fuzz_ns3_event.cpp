#include "line_protocols.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  xedgesim::fuzz::ns3_event({data, size});
  return 0;
}
