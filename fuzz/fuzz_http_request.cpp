#include "http_requests.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  xedgesim::fuzz::http_request({data, size});
  return 0;
}
