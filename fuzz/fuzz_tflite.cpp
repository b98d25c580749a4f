// The device's model interpreter: whatever a file holds, it is refused or runs within its arena.
#include <cstdint>
#include <cstring>
#include <vector>

#include "firmware/nn/nn.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > (size_t{1} << 18)) return 0;
  std::vector<uint64_t> file(size / 8 + 1);
  if (size > 0) std::memcpy(file.data(), data, size);
  std::vector<uint64_t> arena(size_t{96} * 1024 / 8);
  nn_model model{};
  nn_error error{};
  if (!nn_open(&model, file.data(), size, arena.data(), arena.size() * 8, &error)) return 0;
  const std::vector<float> input(static_cast<size_t>(nn_input(&model)->elements), 0.25f);
  if (nn_set_input(&model, input.data(), static_cast<int32_t>(input.size()), &error)) nn_invoke(&model);
  return 0;
}
