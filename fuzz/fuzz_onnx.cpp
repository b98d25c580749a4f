// Reader of ONNX files and everything that is made from what it accepts.
#include <cstdint>
#include <span>

#include "base/error.h"
#include "ml/network.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xedgesim;
  try {
    const ml::Network net = ml::network_from_onnx(ml::parse_onnx(std::span(data, size)));
    const auto again = ml::network_from_onnx(ml::parse_onnx(ml::write_onnx(net)));
    XEDGESIM_ASSERT(again.layers.size() >= net.layers.size());
    if (net.quantised()) ml::write_tflite(net);
  } catch (const ConfigError&) {
  }
  return 0;
}
