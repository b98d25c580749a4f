#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace xedgesim::ml {

class OnnxSession;

struct OnnxOptions {
  /// libonnxruntime.so; empty: where the build found it, then wherever the system's loader does.
  std::filesystem::path library;
};

/// A trained model run by ONNX Runtime, with settings under which the same input gives the same bits every
/// time: one thread, sequential, exact int8. An int8 (QDQ) model gives them on every processor; a float model
/// may differ in the last bits between processor families, so its raw outputs do not belong in a run digest.
///
/// Limits: one float input and one float output; a free first dimension (batch) is taken as 1, other free
/// dimensions are refused.
class OnnxModel {
 public:
  /// Throws ConfigError, one sentence with the file, when it cannot be read, is no valid model, has another
  /// form than above, or when ONNX Runtime is missing.
  static OnnxModel load(const std::filesystem::path& file, const OnnxOptions& options = {});
  /// The same from memory; `name` stands for the file.
  static OnnxModel parse(std::span<const uint8_t> bytes, const std::filesystem::path& name,
                         const OnnxOptions& options = {});
  OnnxModel(OnnxModel&&) noexcept;
  OnnxModel& operator=(OnnxModel&&) noexcept;
  ~OnnxModel();

  const std::filesystem::path& file() const { return file_; }
  const std::string& input_name() const { return input_name_; }
  const std::string& output_name() const { return output_name_; }
  const std::vector<int64_t>& input_shape() const { return input_shape_; }
  const std::vector<int64_t>& output_shape() const { return output_shape_; }
  size_t input_size() const { return input_size_; }  ///< elements
  /// As count_macs (ml/onnx_graph.h).
  std::optional<uint64_t> macs() const { return macs_; }

  /// One inference. ConfigError when input.size() != input_size(); SimulationError when a value is not
  /// finite.
  std::vector<float> run(std::span<const float> input);

 private:
  OnnxModel() = default;
  std::filesystem::path file_;
  std::string input_name_, output_name_;
  std::vector<int64_t> input_shape_, output_shape_;
  size_t input_size_ = 0;
  std::optional<uint64_t> macs_;
  std::unique_ptr<OnnxSession> session_;
};

/// "1.21.0" of the ONNX Runtime that models would run in. Throws ConfigError when there is none.
std::string onnx_runtime_version(const OnnxOptions& options = {});

/// Probabilities of logits, in double precision; empty for empty. The values sum to 1.
std::vector<double> softmax(std::span<const float> logits);
/// Index of the greatest value, the first of equals. Needs at least one value.
size_t argmax(std::span<const float> values);

}  // namespace xedgesim::ml
