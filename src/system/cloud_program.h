#pragma once
#include <filesystem>
#include <memory>

#include "nodes/classify.h"
#include "nodes/external/inference_program.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

/// A cloud node whose model a program computes: type external (its command), a Python service (its script, or
/// the built-in one for a model that is no ONNX file), or the TorchScript back end (type model with a .pt file).
class CloudProgram {
 public:
  /// Null when the node's model is computed here. Throws ConfigError when a program is needed that is not there.
  /// `sdk`: folder of the Python packages.
  static std::unique_ptr<CloudProgram> of(const scenario::CloudNode& cloud, const std::vector<std::string>& classes,
                                          uint64_t seed, const std::filesystem::path& sdk);

  /// Before the first inference; throws as InferenceProgram::connect, and ConfigError as program_timer().
  void connect(const std::filesystem::path& folder);
  void shut_down(const std::string& reason) noexcept { program_.shut_down(reason); }
  /// What the service runs. It refers to this object.
  nodes::ServiceModel model();

 private:
  CloudProgram(nodes::InferenceProgram::Config config, scenario::Compute compute)
      : program_(std::move(config)), compute_(std::move(compute)) {}
  nodes::InferenceProgram program_;
  scenario::Compute compute_;
  std::function<Duration()> time_;
  Duration waited_;
};

}  // namespace xedgesim::system
