// Runs a .tflite file by Arm NN's reference back end: float32 inputs from a file, float32 outputs to another.
//   armnn_run MODEL INPUT_NAME OUTPUT_NAME INPUTS OUTPUTS
#include <armnn/ArmNN.hpp>
#include <armnnTfLiteParser/ITfLiteParser.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  try {
    auto parser = armnnTfLiteParser::ITfLiteParser::Create();
    armnn::INetworkPtr network = parser->CreateNetworkFromBinaryFile(argv[1]);
    const auto in = parser->GetNetworkInputBindingInfo(0, argv[2]);
    const auto out = parser->GetNetworkOutputBindingInfo(0, argv[3]);
    armnn::IRuntimePtr runtime = armnn::IRuntime::Create({});
    armnn::IOptimizedNetworkPtr optimised =
        armnn::Optimize(*network, {armnn::Compute::CpuRef}, runtime->GetDeviceSpec());
    armnn::NetworkId id = 0;
    runtime->LoadNetwork(id, std::move(optimised));
    std::ifstream file(argv[4], std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const size_t row = in.second.GetNumElements() * sizeof(float);
    std::vector<float> result(out.second.GetNumElements());
    std::ofstream results(argv[5], std::ios::binary);
    for (size_t at = 0; at + row <= bytes.size(); at += row) {
      const armnn::InputTensors inputs{{in.first, armnn::ConstTensor(in.second, bytes.data() + at)}};
      const armnn::OutputTensors outputs{{out.first, armnn::Tensor(out.second, result.data())}};
      runtime->EnqueueWorkload(id, inputs, outputs);
      results.write(reinterpret_cast<const char*>(result.data()),
                    static_cast<std::streamsize>(result.size() * sizeof(float)));
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "armnn_run: %s\n", e.what());
    return 1;
  }
}
