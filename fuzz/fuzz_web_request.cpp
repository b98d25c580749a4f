#include "web_requests.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  xedgesim::fuzz::web_request({data, size});
  return 0;
}
