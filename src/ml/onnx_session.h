#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace xedgesim::ml {

/// A model opened in ONNX Runtime; internal to src/ml, OnnxModel is the door. Errors are ConfigErrors with
/// half a sentence, to which OnnxModel adds the file.
class OnnxSession {
 public:
  struct Tensor {
    std::string name;
    bool is_float = false;
    std::vector<int64_t> shape;  ///< -1 where free
  };
  virtual ~OnnxSession() = default;
  virtual const std::vector<Tensor>& inputs() const = 0;
  virtual const std::vector<Tensor>& outputs() const = 0;
  /// First input to first output; `shape` has no free dimension and as many elements as `input`.
  virtual std::vector<float> run(std::span<const float> input, std::span<const int64_t> shape) = 0;
};

/// `library`: path of libonnxruntime.so, or empty to search.
std::unique_ptr<OnnxSession> open_onnx_session(std::span<const uint8_t> model,
                                               const std::filesystem::path& library);

}  // namespace xedgesim::ml
