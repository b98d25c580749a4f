#include "system/cloud_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "system/compute.h"

namespace xedgesim::system {
namespace {

using scenario::CloudNode;

/// Debian's python3-torch belongs to the system's own interpreter; another one may come first in PATH.
std::string python() { return std::filesystem::exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3"; }

bool is_onnx(const CloudNode& c) { return c.ml_model.resolved.extension() == ".onnx"; }

std::vector<std::string> torchscript_command(const CloudNode& c) {
  std::error_code ec;
  const auto program =
      std::filesystem::read_symlink("/proc/self/exe", ec).parent_path() / "xedgesim-torchscript";
  if (!std::filesystem::exists(program, ec))
    throw ConfigError(fmt::format(
        "cloud node '{}': '{}' is no ONNX file, and this build has no TorchScript back end: run scripts/setup --with "
        "torch and build again, or use type: python_service",
        c.id, c.ml_model.written));
  return {program.string()};
}

std::vector<std::string> command_of(const CloudNode& c) {
  if (c.type == CloudNode::Type::external) {
    if (c.command.empty())
      throw ConfigError(fmt::format("cloud node '{}': type external needs a 'command' to start", c.id));
    return c.command;
  }
  if (c.type == CloudNode::Type::model) return torchscript_command(c);
  std::vector<std::string> command{python(), "-m", "xedgesim.cloud_service"};
  if (!c.script.empty()) command.push_back(c.script.resolved.string());
  return command;
}

}  // namespace

std::unique_ptr<CloudProgram> CloudProgram::of(const CloudNode& c, const std::vector<std::string>& classes,
                                               uint64_t seed, const std::filesystem::path& sdk) {
  const bool scripted = c.type == CloudNode::Type::external || !c.script.empty();
  if (!scripted && (c.ml_model.empty() || is_onnx(c))) return nullptr;
  nodes::InferenceProgram::Config config;
  config.node = c.id;
  config.command = command_of(c);
  for (const auto& [name, value] : c.environment) config.environment.push_back(name + "=" + value);
  const char* path = std::getenv("PYTHONPATH");
  config.environment.push_back("PYTHONPATH=" + sdk.string() + (path && *path ? ":" + std::string(path) : ""));
  config.model = c.ml_model.resolved.string();
  config.classes = classes;
  config.seed = seed;
  config.timeout = c.timeout;
  config.start_timeout = std::max(c.timeout, config.start_timeout);
  return std::unique_ptr<CloudProgram>(new CloudProgram(std::move(config), c.compute));
}

void CloudProgram::connect(const std::filesystem::path& folder) {
  program_.connect(folder);
  time_ = program_timer(compute_, program_.macs(), program_.config().seed, program_.config().node + "/model");
}

nodes::ServiceModel CloudProgram::model() {
  return {.infer =
              [this](std::span<const float> x, SimTime t) {
                nodes::InferenceProgram::Answer a = program_.infer(x, t);
                waited_ = a.elapsed;
                return std::move(a.output);
              },
          .time = [this] { return time_(); },
          .waited = [this] { return waited_; }};
}

}  // namespace xedgesim::system
