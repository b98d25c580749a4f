#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace xedgesim::ml {

/// A .tflite file run on the host by the firmware's own interpreter (firmware/nn): the same C, so the same
/// bits.
class TfliteModel {
 public:
  /// ConfigError, one sentence with the file (and the operator), when it cannot be read or run.
  static TfliteModel load(const std::filesystem::path& file);
  /// From bytes; `name` stands in messages.
  TfliteModel(std::vector<uint8_t> file, const std::string& name);
  TfliteModel(TfliteModel&&) noexcept;
  TfliteModel& operator=(TfliteModel&&) noexcept;
  ~TfliteModel();

  struct TensorInfo {
    std::vector<int32_t> dims;
    bool is_int8 = false;
    float scale = 0;
    int32_t zero = 0;
    int32_t elements = 0;
  };
  TensorInfo input() const;
  TensorInfo output() const;
  std::vector<std::string> operators() const;
  size_t file_size() const;
  size_t arena_size() const;  ///< as counted on this host; pointers are smaller on the device

  /// Real values in and out. ConfigError for a wrong count or a value that is not finite.
  std::vector<float> run(std::span<const float> input);
  /// int8 codes of the output of the last run; empty when it is float32.
  std::vector<int8_t> codes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The bytes of a file. ConfigError ("'x' cannot be read").
std::vector<uint8_t> read_bytes(const std::filesystem::path& file);
void write_bytes(const std::filesystem::path& file, std::span<const uint8_t> bytes);

}  // namespace xedgesim::ml
