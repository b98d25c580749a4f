// Writes a network of the size of MLPerf Tiny's keyword spotting (DS-CNN: 49x10 input, one 10x4 convolution, four depthwise
// and pointwise pairs of 64 channels, a mean, 12 classes; 2.66 million multiply-accumulates) with random weights, which cost
// the same time as trained ones:  kws_model OUT.tflite
#include <cstdio>

#include "base/error.h"
#include "ml/tflite_model.h"
#include "tests/ml/networks.h"

int main(int argc, char** argv) {
  using namespace xedgesim::ml;
  if (argc != 2) {
    std::fprintf(stderr, "usage: kws_model OUT.tflite\n");
    return 2;
  }
  try {
    testing::NetworkMaker maker({1, 1, 49, 10}, 1);
    maker.conv(64, 10, 4, 2, true);
    for (int i = 0; i < 4; ++i) maker.depthwise(3, 1, true, Activation::relu).conv(64, 1, 1, true);
    const Network net = maker.mean().dense(12).done();
    const auto file = write_tflite(quantise(net, maker.inputs(20)));
    write_bytes(argv[1], file);
    std::printf("%llu MACs, %zu bytes\n", static_cast<unsigned long long>(net.macs()), file.size());
  } catch (const xedgesim::Error& e) {
    std::fprintf(stderr, "kws_model: %s\n", e.what());
    return 1;
  }
}
